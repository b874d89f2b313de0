"""LLaVA-NeXT-Interleave as a judge, on a tiny model."""

import pytest
import torch

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
pytest.importorskip("transformers")
from tests.distill.judges.test_internvl import QUESTIONS  # noqa: E402
from tests.distill.judges.tiny import PROMPT, scores_of  # noqa: E402
from tests.distill.tiny_models import make_llava  # noqa: E402
from unirain_core.config.models import Llava  # noqa: E402
from unirain_core.distill.judges.judge import Question  # noqa: E402
from unirain_core.distill.judges.llava import LlavaModel, llava_judge  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("llava") / "tiny"
    make_llava(home)
    return home


def section():
    return Llava(weights="tiny", revision="1", precision="float32")


def test_a_batch_gives_what_its_questions_give_one_by_one(folder):
    model = LlavaModel(folder, section(), PROMPT)
    together = scores_of(model, QUESTIONS)

    for row, question in zip(together, QUESTIONS, strict=True):
        torch.testing.assert_close(scores_of(model, [question])[0], row, atol=1e-5, rtol=1e-5)


def test_padding_on_the_right_would_be_far_off(folder):
    """What `left_padded` is for: the shorter questions of a batch would be read from the padding."""
    model = LlavaModel(folder, section(), PROMPT)
    tokenizer = model._tokenizer
    text = ["a much longer question than the other one", "Yes"]
    tokenizer.padding_side = "right"
    wrong = tokenizer(text, padding=True, add_special_tokens=False, return_tensors="pt")
    last = model._model(**wrong).logits[1, -1]
    alone = tokenizer(text[1:], add_special_tokens=False, return_tensors="pt")
    right = model._model(**alone).logits[0, -1]

    assert (last - right).abs().max() > 0.5


def test_two_references_that_change_places_move_the_scores(folder):
    model = LlavaModel(folder, section(), PROMPT)
    question = QUESTIONS[0]
    a, b, c = question.references

    assert (
        scores_of(model, [question]) - scores_of(model, [Question(question.query, [b, a, c])])
    ).abs().max() > 1e-3


def test_every_label_stands_before_its_picture(folder, monkeypatch):
    monkeypatch.setenv("UNIRAIN_MODELS", str(folder.parent))
    judge = llava_judge("llava", section(), PROMPT, 3)

    assert judge.prompt.index("Query: <image>") < judge.prompt.index("Reference 1: <image>")
    assert 4 == judge.prompt.count("<image>")
    assert [True] * 3 == [0 <= answer.p_yes <= 1 for answer in judge.judge(QUESTIONS)]
