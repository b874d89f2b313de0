"""MobileVLM-3B as a judge, on a tiny model; names and shapes against the published list."""

import numpy as np
import pytest
import torch

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
pytest.importorskip("transformers")
pytest.importorskip("sentencepiece")
from tests.distill.judges.test_internvl import QUESTIONS, picture  # noqa: E402
from tests.distill.judges.tiny import PROMPT, scores_of  # noqa: E402
from tests.distill.tiny_models import make_mobilevlm  # noqa: E402
from unirain_core.config.models import MobileVlm  # noqa: E402
from unirain_core.distill.judges.judge import Question, Response  # noqa: E402
from unirain_core.distill.judges.mobilevlm import MobileVlmModel, mobilevlm_judge  # noqa: E402
from unirain_core.distill.judges.mobilevlm_model import MobileVlmConfig, empty  # noqa: E402
from unirain_core.distill.judges.mobilevlm_questions import clip_values, montage, squared  # noqa: E402
from unirain_core.distill.pixels import looked_up  # noqa: E402
from unirain_core.errors import ConfigError  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("mobilevlm") / "tiny"
    make_mobilevlm(home)
    return home


def section(**changes):
    return MobileVlm(**{"weights": "tiny", "revision": "1", "precision": "float32", **changes})


@pytest.mark.parametrize("several", ["interleave", "montage"])
def test_a_batch_gives_what_its_questions_give_one_by_one(several, folder):
    model = MobileVlmModel(folder, section(several=several), PROMPT)
    together = scores_of(model, QUESTIONS)

    for row, question in zip(together, QUESTIONS, strict=True):
        torch.testing.assert_close(scores_of(model, [question])[0], row, atol=1e-5, rtol=1e-5)


def test_names_of_2023_and_the_older_form_of_the_file_are_read_alike(folder, tmp_path):
    expected = scores_of(MobileVlmModel(folder, section(), PROMPT), QUESTIONS)
    for name in ("config.json", "tokenizer.model", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    from safetensors.torch import load_file

    old = {}
    for name, tensor in load_file(folder / "model.safetensors").items():
        old[name.replace(".vision_tower.vision_tower.", ".vision_tower.vision_tower.vision_model.")] = tensor
    old = {name.replace("vision_model.vision_model", "vision_model"): tensor for name, tensor in old.items()}
    old["model.vision_tower.vision_tower.vision_model.embeddings.position_ids"] = torch.arange(17)[None]
    torch.save(old, tmp_path / "pytorch_model.bin")

    torch.testing.assert_close(scores_of(MobileVlmModel(tmp_path, section(), PROMPT), QUESTIONS), expected)


def test_the_published_sizes_are_ours():
    config = MobileVlmConfig(
        hidden_size=2560, intermediate_size=6912, num_hidden_layers=32, num_attention_heads=32, num_key_value_heads=32,
        vocab_size=32000, tie_word_embeddings=False,
    )  # fmt: skip
    state = empty(config).state_dict()
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}

    assert 3_033_981_696 == sum(tensor.numel() for tensor in state.values())
    assert 706 == len(shapes)
    for name, shape in {
        "mlp.1.weight": (2560, 1024), "mlp.3.bias": (2560,), "mb_block.1.block.0.0.weight": (2560, 1, 3, 3),
        "mb_block.2.block.0.1.bias": (2560,), "mb_block.1.block.1.fc1.weight": (640, 2560, 1, 1),
        "mb_block.2.block.2.0.weight": (2560, 2560, 1, 1), "mb_block.2.block.2.1.weight": (2560,),
    }.items():  # fmt: skip
        assert shape == shapes[f"model.mm_projector.model.{name}"]


def test_one_reference_at_a_time_gives_the_mean_of_the_answers(folder, monkeypatch):
    monkeypatch.setenv("UNIRAIN_MODELS", str(folder.parent))
    query, references = QUESTIONS[0].query, QUESTIONS[0].references
    pairwise = mobilevlm_judge("mobilevlm", section(several="pairwise"), PROMPT, 3)
    single = mobilevlm_judge("mobilevlm", section(), PROMPT, 1)
    answers = single.judge([Question(query, [reference]) for reference in references])
    together = [answer for answer in pairwise.judge(QUESTIONS) if isinstance(answer, Response)]

    assert np.mean([answer.p_yes for answer in answers if isinstance(answer, Response)]) == pytest.approx(
        together[0].p_yes, abs=1e-6
    )
    assert 3 == len(together)
    assert pairwise.version != single.version


def test_a_fourth_reference_has_no_cell_in_a_montage(folder, monkeypatch):
    monkeypatch.setenv("UNIRAIN_MODELS", str(folder.parent))

    with pytest.raises(ConfigError, match="montage shows at most 3 references; use interleave or pairwise"):
        mobilevlm_judge("mobilevlm", section(several="montage"), PROMPT, 4)


def test_a_picture_is_padded_to_a_square_with_the_mean_colour():
    wide = np.zeros((4, 8, 3), np.uint8)
    out = looked_up(squared(wide, 8)[None], clip_values())[0].numpy()

    assert (3, 8, 8) == out.shape
    np.testing.assert_allclose(out[:, 0, 0], 0, atol=0.02)  # the mean colour is zero after CLIP's scaling
    assert (out[:, 3:5].mean(axis=(1, 2)) < -1).all()


def test_a_montage_has_the_query_in_its_first_cell():
    cells = montage([np.full((10, 10, 3), 200, np.uint8), picture(0)], 10)

    assert (20, 20, 3) == cells.shape
    assert (cells[:10, :10] == 200).all()
