"""What each judge reads, token by token: every word, space and mark has a number of its own, so that a reader can check them."""

import io
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
transformers = pytest.importorskip("transformers")
spm = pytest.importorskip("sentencepiece")
from tokenizers import Regex, Tokenizer, models, pre_tokenizers  # noqa: E402

from tests.distill.judges.golden_models import (  # noqa: E402
    make_internvl,
    make_llava,
    make_mobilevlm,
    make_processor,
)
from tests.distill.judges.test_any_vlm import INTERLEAVED  # noqa: E402
from tests.distill.judges.tiny import scores_of  # noqa: E402
from unirain_core.config.models import AnyVlm, InternVl, Llava, MobileVlm  # noqa: E402
from unirain_core.config.prompt import Prompt  # noqa: E402
from unirain_core.distill.judges.any_vlm import AnyVlmModel, any_vlm_judge  # noqa: E402
from unirain_core.distill.judges.internvl import InternVlModel, internvl_judge  # noqa: E402
from unirain_core.distill.judges.judge import Question  # noqa: E402
from unirain_core.distill.judges.llava import LlavaModel, llava_judge  # noqa: E402
from unirain_core.distill.judges.mobilevlm import MobileVlmModel, mobilevlm_judge  # noqa: E402

P = Prompt(
    instruction="Look.", query="Query:", reference="Reference {number}:", question="Same rain?", alone="Real rain?",
    words_yes=("Yes",), words_no=("No",),
)  # fmt: skip
WORDS = {
    "<pad>": 0, "<|im_start|>": 1, "<|im_end|>": 2, "<img>": 3, "</img>": 4, "<IMG_CONTEXT>": 5, "<image>": 6,
    "\n": 7, " ": 8, "user": 9, "assistant": 10, "Look": 11, ".": 12, "Query": 13, ":": 14, "Reference": 15, "1": 16,
    "Same": 17, "rain": 18, "?": 19, "Real": 20, "Yes": 21, "No": 22,
}  # fmt: skip
BEGIN = [1, 9, 7, 11, 12, 7, 13, 14, 8]
"""<|im_start|>user / Look. / Query: and a space: the same for every question, before any picture."""
LABEL = [7, 15, 8, 16, 14, 8]
"""A new line, and `Reference 1: `."""
SAME, REAL = [7, 17, 8, 18, 19], [7, 20, 8, 18, 19]
END = [2, 7, 1, 10, 7]
"""<|im_end|> and a new line, <|im_start|>assistant and a new line."""
GREY = np.full((28, 28, 3), 128, np.uint8)
QUESTIONS = [Question(GREY, [GREY]), Question(GREY, [])]


class Reader:
    """In a model's place: keeps what it is given."""

    def __init__(self):
        self.ids = self.mask = torch.zeros(0)

    def __call__(self, attention_mask, input_ids=None, inputs_embeds=None, **_):
        self.ids = input_ids if inputs_embeds is None else inputs_embeds[..., 0].long()
        self.mask = attention_mask
        return SimpleNamespace(logits=torch.zeros(len(self.ids), 1, 5))

    def get_input_embeddings(self):
        return lambda numbers: numbers[:, None].float()

    def features(self, pixels):
        return torch.full((len(pixels), 4, 1), -1.0)

    def rows(self):
        """The numbers that count, of each question; they all end in the last column."""
        assert self.mask[:, -1].all()
        return [ids[mask.bool()].tolist() for ids, mask in zip(self.ids, self.mask, strict=True)]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("golden")
    tokenizer = Tokenizer(models.WordLevel(WORDS, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"\s|\w+|[^\w\s]"), "isolated")
    tokenizer.add_special_tokens([word for word in WORDS if word.startswith("<")])
    make_internvl(home / "internvl", tokenizer, pad="<pad>")
    make_llava(home / "llava", tokenizer, pad="<pad>")
    make_llava(home / "any", tokenizer, pad="<pad>")
    make_processor(home / "any", INTERLEAVED)
    make_mobilevlm(home / "mobilevlm", *pieces())
    return home


@pytest.fixture(autouse=True)
def models_at_home(home, monkeypatch):
    monkeypatch.setenv("UNIRAIN_MODELS", str(home))


def read(model):
    """What a model reads of both questions in one batch."""
    model._model = reader = Reader()
    scores_of(model, QUESTIONS)
    return reader.rows()


def settings(kind):
    return {"weights": kind, "revision": "1", "precision": "float32"}


def test_internvl_reads_four_places_of_each_picture_between_its_marks(home):
    picture = [3, 5, 5, 5, 5, 4]

    assert [
        [*BEGIN, *picture, *LABEL, *picture, *SAME, *END],
        [*BEGIN, *picture, *REAL, *END],
    ] == read(InternVlModel(home / "internvl", InternVl(**settings("internvl"), query_tiles=1), P))


def test_internvl_reads_the_tiles_of_a_wide_query_and_the_whole_of_it_between_one_pair_of_marks(home):
    model: Any = InternVlModel(home / "internvl", InternVl(**settings("internvl"), query_tiles=2), P)
    model._model = reader = Reader()
    scores_of(model, [Question(np.full((28, 56, 3), 128, np.uint8), [])])

    assert [[*BEGIN, 3, *[5] * 12, 4, *REAL, *END]] == reader.rows()  # two tiles and the whole, 4 places each


def test_llava_reads_sixteen_places_of_each_picture(home):
    picture = [6] * 16

    assert [
        [*BEGIN, *picture, *LABEL, *picture, *SAME, *END],
        [*BEGIN, *picture, *REAL, *END],
    ] == read(LlavaModel(home / "llava", Llava(**settings("llava")), P))


def test_a_further_model_reads_what_its_own_template_makes_of_the_question(home):
    picture = [6] * 16

    assert [
        [*BEGIN, *picture, *LABEL, *picture, *SAME, *END],
        [*BEGIN, *picture, *REAL, *END],
    ] == read(AnyVlmModel(home / "any", AnyVlm(**settings("any")), P))


SPACE = "\u2581"
MOBILE_WORDS = [
    SPACE, "A", "chat", "between", "a", "curious", "user", "and", "an", "artificial", "intelligence", "assistant", ".", "The",
    "gives", "helpful", ",", "detailed", "polite", "answers", "to", "the", "'s", "questions", "USER", ":", "ASSISTANT", "Look",
    "Query", "Reference", "1", "Same", "Real", "rain", "?", "\n", f"{SPACE}Yes", f"{SPACE}No",
]  # fmt: skip
"""Numbered from 3 on, after <unk>, <s> and </s>; SentencePiece puts a space before every text."""
SYSTEM = [
    3, 4, 3, 5, 3, 6, 3, 7, 3, 8, 3, 9, 3, 10, 3, 11, 3, 12, 3, 13, 3, 14, 15,
    3, 16, 3, 14, 3, 17, 3, 18, 19, 3, 20, 19, 3, 10, 3, 21, 3, 22, 3, 23, 3, 24, 3, 9, 25, 3, 26, 15,
]  # fmt: skip
"""A chat between a curious user and an artificial intelligence assistant. / The assistant gives helpful, detailed, and polite
answers to the user's questions."""


def pieces():
    """A SentencePiece model of these words, and how many pieces it has."""
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(["".join(MOBILE_WORDS).replace(SPACE, " ").replace("\n", " ")] * 3), model_writer=model,
        vocab_size=90, model_type="bpe", user_defined_symbols=MOBILE_WORDS, normalization_rule_name="identity",
        remove_extra_whitespaces=False, hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    processor = spm.SentencePieceProcessor(model_proto=model.getvalue())
    assert [3, 40] == [processor.piece_to_id(word) for word in (SPACE, f"{SPACE}No")]
    return model.getvalue(), processor.get_piece_size()


def test_mobilevlm_reads_one_beginning_and_four_places_of_each_picture(home):
    begin = [
        1,
        *SYSTEM,
        3,
        27,
        28,
        3,
        30,
        15,
        38,
        31,
        28,
        3,
    ]  # <s>, the system text, ` USER: Look.`, `Query: `
    picture = [-1] * 4
    label = [3, 38, 32, 3, 33, 28, 3]
    end = [3, 29, 28]  # ` ASSISTANT:`, without a space after it

    assert [
        [*begin, *picture, *label, *picture, 3, 38, 34, 3, 36, 37, *end],
        [*begin, *picture, 3, 38, 35, 3, 36, 37, *end],
    ] == read(MobileVlmModel(home / "mobilevlm", MobileVlm(**settings("mobilevlm")), P))


CHATML = (
    "<|im_start|>user\nLook.\nQuery: {0}\nReference 1: {0}\nSame rain?<|im_end|>\n<|im_start|>assistant\n"
)
CHAT = (
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite "
    "answers to the user's questions. USER: {} ASSISTANT:"
)
ONE_PICTURE = "<image>\nLook.\nQuery: top left\nReference 1: top right\nSame rain?"


def test_the_text_of_each_judge_is_its_own_template_around_the_words_of_the_file():
    montage = MobileVlm(**settings("mobilevlm"), several="montage")
    judges = [
        internvl_judge("a", InternVl(**settings("internvl")), P, 1),
        llava_judge("b", Llava(**settings("llava")), P, 1),
        any_vlm_judge("c", AnyVlm(**settings("any")), P, 1),
        mobilevlm_judge("d", MobileVlm(**settings("mobilevlm")), P, 1),
        mobilevlm_judge("e", montage, P, 1),
    ]

    assert [
        CHATML.format("<img></img>"),
        CHATML.format("<image>"),
        CHATML.format("<image>"),
        CHAT.format("Look.\nQuery: <image>\nReference 1: <image>\nSame rain?"),
        CHAT.format(ONE_PICTURE),
    ] == [judge.prompt for judge in judges]
