"""Prompts as tokens: padded on the left, and refused where they are too long."""

from typing import Any

import pytest
import torch

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
pytest.importorskip("transformers")
pytest.importorskip("sentencepiece")
from tests.distill.judges.test_any_vlm import INTERLEAVED, section, with_processor  # noqa: E402, F401
from tests.distill.judges.test_internvl import QUESTIONS  # noqa: E402
from tests.distill.judges.test_llava import folder  # noqa: E402, F401
from tests.distill.judges.test_mobilevlm import folder as mobilevlm  # noqa: E402, F401
from tests.distill.judges.tiny import PROMPT, scores_of  # noqa: E402
from unirain_core.config.models import Llava, MobileVlm  # noqa: E402
from unirain_core.distill.judges.any_vlm import AnyVlmModel  # noqa: E402
from unirain_core.distill.judges.llava import llava_judge  # noqa: E402
from unirain_core.distill.judges.mobilevlm import mobilevlm_judge  # noqa: E402
from unirain_core.distill.judges.tokens import demand_room, left_padded, numbers  # noqa: E402
from unirain_core.errors import ConfigError  # noqa: E402

SETTINGS: dict[str, Any] = {"weights": "tiny", "revision": "1", "precision": "float32"}


class Letters:
    """A tokenizer that counts letters from a = 1, and would pad on the right if it were asked."""

    padding_side = "right"

    def encode(self, text, *, add_special_tokens):
        assert not add_special_tokens
        return [ord(letter) - ord("a") + 1 for letter in text]


def test_prompts_of_a_batch_end_in_the_last_column_whatever_their_tokenizer_would_do():
    encoded = left_padded([numbers(Letters(), text) for text in ("ab", "abcd", "c")])

    assert [[0, 0, 1, 2], [1, 2, 3, 4], [0, 0, 0, 3]] == encoded.ids.tolist()
    assert [[0, 0, 1, 1], [1, 1, 1, 1], [0, 0, 0, 1]] == encoded.mask.tolist()
    assert torch.long == encoded.ids.dtype


def test_a_processor_that_pads_on_the_right_is_refused(with_processor):  # noqa: F811
    model = AnyVlmModel(with_processor(INTERLEAVED), section(), PROMPT)
    scores_of(model, QUESTIONS)
    model._processor.tokenizer.padding_side = "right"

    with pytest.raises(ConfigError, match="pads on the right; votes would be read from the padding"):
        scores_of(model, QUESTIONS)


def test_a_question_may_fill_the_context_to_its_last_token_and_no_further():
    demand_room("j", 100, 100, "shorten it")

    with pytest.raises(
        ConfigError, match=r"^judge 'j': a question has up to 101 tokens, .* reads 100; shorten it$"
    ):
        demand_room("j", 101, 100, "shorten it")


def test_llava_is_refused_more_references_than_it_can_read(folder, monkeypatch):  # noqa: F811
    monkeypatch.setenv("UNIRAIN_MODELS", str(folder.parent))

    with pytest.raises(
        ConfigError, match=r"a question has up to \d+ tokens, .* reads 4096; lower keep_structural"
    ):
        llava_judge("llava", Llava(**SETTINGS), PROMPT, 300)


def test_mobilevlm_is_refused_more_references_than_it_can_read_unless_they_come_one_by_one(
    mobilevlm,  # noqa: F811
    monkeypatch,
):
    monkeypatch.setenv("UNIRAIN_MODELS", str(mobilevlm.parent))

    with pytest.raises(
        ConfigError, match=r"a question has up to \d+ tokens, .* reads 2048; use several: pairwise"
    ):
        mobilevlm_judge("mobilevlm", MobileVlm(**SETTINGS), PROMPT, 300)
    assert mobilevlm_judge("mobilevlm", MobileVlm(**SETTINGS, several="pairwise"), PROMPT, 300)
