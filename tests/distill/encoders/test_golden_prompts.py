"""What captioner and rewriter read, token by token."""

from typing import Any

import pytest

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
transformers = pytest.importorskip("transformers")
pytest.importorskip("open_clip")
from tokenizers import Tokenizer, pre_tokenizers  # noqa: E402
from tokenizers import models as tokenizer_models  # noqa: E402

from tests.distill.encoders.test_pretrained_encoders import (  # noqa: E402, F401
    SETTINGS,
    Spoken,
    home,
    models,
    pictures,
)
from tests.distill.judges.tiny import awake  # noqa: E402
from tests.distill.tiny_models import CHAT  # noqa: E402
from unirain_core.config.models import Blip, Rewriter  # noqa: E402
from unirain_core.distill.encoders import rewriter  # noqa: E402
from unirain_core.distill.encoders.blip import BlipCaptioner  # noqa: E402
from unirain_core.distill.encoders.rewriter import RewritingCaptioner  # noqa: E402

LETTERS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *"userassistant", "\u010a", "\u0120", *"To:hi"]
NUMBERS = {letter: number for number, letter in enumerate(dict.fromkeys(LETTERS))}
"""As Qwen2.5 writes text: a new line is \u010a and a space \u0120; without merges every letter is a token."""


def numbers(text):
    """The numbers of letters, looked up one by one."""
    return [NUMBERS[letter] for letter in text.replace("\n", "\u010a").replace(" ", "\u0120")]


def reads_of(owner, monkeypatch):
    """What reaches `generate`."""
    reads = []
    generate = owner.generate

    def noted(**settings):
        reads.append(settings)
        return generate(**settings)

    monkeypatch.setattr(owner, "generate", noted)
    return reads


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [("", [5]), ("a street", [5, 6, 9])],  # [DEC], and the words of the prompt; no [SEP] stands after them
)
def test_blip_continues_the_prompt_after_its_own_mark(prompt, expected, monkeypatch):
    captioner: Any = BlipCaptioner(Blip(weights="blip", prompt=prompt, **SETTINGS))
    captioner.captions(pictures(1))
    reads = reads_of(captioner._loaded[0].text_decoder, monkeypatch)
    captioner.captions(pictures(2))

    assert [expected] * 2 == reads[0]["input_ids"].tolist()


@pytest.fixture
def qwen(tmp_path, monkeypatch):
    tokenizer = Tokenizer(tokenizer_models.BPE(vocab=NUMBERS, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.add_special_tokens(LETTERS[:3])
    config = transformers.Qwen2Config(
        vocab_size=len(NUMBERS), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, eos_token_id=2, pad_token_id=0,
    )  # fmt: skip
    awake(transformers.Qwen2ForCausalLM(config)).save_pretrained(tmp_path / "letters")
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<|endoftext|>", eos_token="<|im_end|>", chat_template=CHAT
    ).save_pretrained(tmp_path / "letters")
    monkeypatch.setenv("UNIRAIN_MODELS", str(tmp_path))
    monkeypatch.setattr(rewriter, "REQUEST", "To: {caption}")


@pytest.mark.usefixtures("qwen")
def test_the_rewriter_reads_request_and_caption_in_the_models_own_template_padded_on_the_left(monkeypatch):
    captioner: Any = RewritingCaptioner(Spoken(), Rewriter(weights="letters", **SETTINGS))
    captioner.rewritten(["hi"])
    reads = reads_of(captioner._loaded[0], monkeypatch)
    captioner.rewritten(["hi", "hi to"])
    request, answer = [1, *numbers("user\nTo: ")], [2, *numbers("\n"), 1, *numbers("assistant\n")]
    short, long = [*request, *numbers("hi"), *answer], [*request, *numbers("hi to"), *answer]

    assert [[0, 0, 0, *short], long] == reads[0]["input_ids"].tolist()
    assert [[0, 0, 0, *[1] * len(short)], [1] * len(long)] == reads[0]["attention_mask"].tolist()


def test_the_request_that_is_sent_for_a_caption():
    assert (
        "Rewrite this description of a photograph as one sentence of at most 40 words. Keep what it says of the scene, the light "
        "and the rain, and add nothing.\nheavy rain"
    ) == rewriter.REQUEST.format(caption="heavy rain")
