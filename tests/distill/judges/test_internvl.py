"""InternVL2.5 as a judge, on tiny models in both forms: the native one, and that of the authors."""

import json

import numpy as np
import pytest
import torch

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
pytest.importorskip("transformers")
from safetensors.torch import save_file  # noqa: E402

from tests.distill.judges.tiny import PROMPT, scores_of, write_json  # noqa: E402
from tests.distill.tiny_models import make_internvl  # noqa: E402
from unirain_core.config.models import InternVl  # noqa: E402
from unirain_core.distill.judges.internvl import InternVlModel, internvl_judge  # noqa: E402
from unirain_core.distill.judges.judge import Question  # noqa: E402
from unirain_core.errors import ConfigError  # noqa: E402


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The same weights in the native form and in that of the authors."""
    return make_internvl(tmp_path_factory.mktemp("internvl"))


def section(**changes):
    return InternVl(**{"weights": "x", "revision": "1", "precision": "float32", "query_tiles": 2, **changes})


def picture(seed, height=40, width=60):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


QUESTIONS = [
    Question(picture(0), [picture(1), picture(2), picture(3)]),
    Question(picture(4, 60, 40), [picture(5)]),
    Question(picture(6), []),
]


@pytest.mark.parametrize("form", ["native", "authors"])
def test_a_batch_gives_what_its_questions_give_one_by_one(form, folders):
    model = InternVlModel(folders[form], section(), PROMPT)
    together = scores_of(model, QUESTIONS)

    for row, question in zip(together, QUESTIONS, strict=True):
        torch.testing.assert_close(scores_of(model, [question])[0], row, atol=1e-5, rtol=1e-5)


def test_the_authors_checkpoint_and_the_native_one_give_the_same_scores(folders):
    native, authors = (
        scores_of(InternVlModel(folders[form], section(), PROMPT), QUESTIONS) for form in folders
    )

    torch.testing.assert_close(native, authors, atol=1e-5, rtol=1e-5)


def test_two_references_that_change_places_move_the_scores(folders):
    model = InternVlModel(folders["native"], section(), PROMPT)
    question = QUESTIONS[0]
    a, b, c = question.references
    swapped = Question(question.query, [b, a, c])

    assert (scores_of(model, [question]) - scores_of(model, [swapped])).abs().max() > 1e-3


def test_a_configuration_that_is_silent_on_ties_leaves_the_last_layer_as_it_was_published(folders, tmp_path):
    expected = scores_of(InternVlModel(folders["native"], section(), PROMPT), QUESTIONS)
    for file in folders["native"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    del config["tie_word_embeddings"], config["text_config"]["tie_word_embeddings"]
    write_json(tmp_path / "config.json", config)

    torch.testing.assert_close(scores_of(InternVlModel(tmp_path, section(), PROMPT), QUESTIONS), expected)


def test_a_weight_that_is_missing_is_named(folders, tmp_path):
    for file in folders["authors"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    from safetensors.torch import load_file

    state = load_file(tmp_path / "model.safetensors")
    del state["mlp1.1.weight"]
    save_file(state, tmp_path / "model.safetensors")

    with pytest.raises(ConfigError, match=r"lacks model\.multi_modal_projector\.linear_1\.weight; check"):
        InternVlModel(tmp_path, section(), PROMPT)


def test_the_judge_answers_by_the_words_of_the_prompt(folders, monkeypatch):
    monkeypatch.setenv("UNIRAIN_MODELS", str(folders["native"].parent))
    judge = internvl_judge("internvl", section(weights="native"), PROMPT, 3)
    answers = judge.judge(QUESTIONS)

    assert 3 == len(answers)
    assert all(0 <= answer.p_yes <= 1 for answer in answers)
    assert "Reference 3: <img></img>" in judge.prompt


def test_a_question_that_does_not_fit_is_refused_before_the_weights_are_loaded(folders, monkeypatch):
    monkeypatch.setenv("UNIRAIN_MODELS", str(folders["native"].parent))

    with pytest.raises(ConfigError, match=r"a question has up to .* lower query_tiles or reference_tiles"):
        internvl_judge("internvl", section(weights="native", reference_tiles=12), PROMPT, 300)
