"""Pretrained models that params can name: which weights, and how they run.

Nothing here is loaded by a stage that does not use it. `revision` is the commit of a hub's repository, or a name that a person
gives to local weights; the weights themselves are hashed as well (`distill/weights.py`).
"""

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from annotated_types import Ge, Gt, Le, MinLen

from unirain_core.config.tagged import ByTag

Text = Annotated[str, MinLen(1)]
Batch = Annotated[int, Ge(1), Le(4096)]
Precision = Literal["float32", "bfloat16"]
"""Of weights and arithmetic. Scores are computed in float32 in any case."""
JudgePrecision = Literal["float32", "bfloat16", "int8", "nf4"]
"""`int8` and `nf4` keep the weights of the language model in 8 and 4 bits (CUDA only); votes may change with them."""
Tiles = Annotated[int, Ge(1), Le(12)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blip:
    """The captioner of the paper (`distill/encoders/blip.py`)."""

    kind: Literal["blip"] = "blip"
    weights: Text
    """Hub id, or a folder below UNIRAIN_MODELS."""
    revision: Text
    precision: Precision = "bfloat16"
    batch: Batch = 32
    """Pictures at once; results do not depend on it."""
    prompt: str = ""
    """The beginning of every caption, such as `a photo of`; empty: BLIP begins freely."""
    max_tokens: Annotated[int, Ge(1), Le(200)] = 30
    """The longest caption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenClip:
    """Image and text encoder of Eqs. (1) and (2) (`distill/encoders/open_clip.py`)."""

    kind: Literal["open_clip"] = "open_clip"
    architecture: Text
    """Name in open_clip; for OpenAI's weights one that ends in `-quickgelu`."""
    weights: Text
    """Hub id, or a file or folder below UNIRAIN_MODELS; a folder carries its own architecture and preprocessing."""
    revision: Text
    precision: Precision = "bfloat16"
    batch: Batch = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceEncoder:
    """A text encoder of `transformers` that averages its tokens (`distill/encoders/sentence.py`)."""

    kind: Literal["sentence"] = "sentence"
    weights: Text
    revision: Text
    precision: Precision = "float32"
    batch: Batch = 64
    pooling: Literal["mean", "first"] = "mean"
    """A caption's vector is the mean of its tokens' vectors, or the vector of the first token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriter:
    """A language model that rewrites captions (`distill/encoders/rewriter.py`); the paper cites Qwen2.5."""

    kind: Literal["rewriter"] = "rewriter"
    weights: Text
    revision: Text
    precision: Precision = "bfloat16"
    batch: Batch = 32
    max_tokens: Annotated[int, Ge(1), Le(200)] = 60
    """The longest sentence. CLIP's text tower cuts after 77 tokens, and gives no warning."""


EncoderModel = Blip | OpenClip | SentenceEncoder | Rewriter
"""The section of one captioner, encoder or rewriter; another kind is added to this line."""
EncoderModelSection = Annotated[EncoderModel, ByTag(get_args(EncoderModel), "kind")]


@dataclass(frozen=True, slots=True, kw_only=True)
class InternVl:
    """InternVL2.5 (`distill/judges/internvl.py`)."""

    kind: Literal["internvl"] = "internvl"
    weights: Text
    revision: Text
    precision: JudgePrecision = "bfloat16"
    batch: Batch = 4
    query_tiles: Tiles = 4
    """The most tiles of 448 x 448 pixels into which the query is cut, 256 tokens each; a cut picture has one more, of the whole."""
    reference_tiles: Tiles = 1
    """Likewise for each reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Llava:
    """LLaVA-NeXT-Interleave (`distill/judges/llava.py`)."""

    kind: Literal["llava"] = "llava"
    weights: Text
    revision: Text
    precision: JudgePrecision = "bfloat16"
    batch: Batch = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class MobileVlm:
    """MobileVLM-3B (`distill/judges/mobilevlm.py`)."""

    kind: Literal["mobilevlm"] = "mobilevlm"
    weights: Text
    revision: Text
    precision: JudgePrecision = "bfloat16"
    batch: Batch = 16
    several: Literal["interleave", "montage", "pairwise"] = "interleave"
    """How a question with several pictures is shown to a model that was trained on single ones (paper gap). `interleave`: all in one
    prompt; `montage`: as one picture of up to four; `pairwise`: the query with one reference at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyVlm:
    """Any model that `transformers` knows as AutoModelForImageTextToText (`distill/judges/any_vlm.py`)."""

    kind: Literal["transformers"] = "transformers"
    weights: Text
    revision: Text
    precision: JudgePrecision = "bfloat16"
    batch: Batch = 4
    max_context: Annotated[int, Ge(16)] = 8192
    """Tokens that a prompt may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpJudge:
    """A model behind an endpoint that speaks as OpenAI's does (`distill/judges/http.py`)."""

    kind: Literal["http"] = "http"
    model: Text
    """As the server names it."""
    revision: Text
    """A name of the served weights, such as their commit. It is part of a vote's key, so change it when the server changes weights."""
    address: Text
    """Name of the environment variable with the address, such as UNIRAIN_JUDGE_URL; the address itself may name a machine."""
    key: str = ""
    """Name of the environment variable with the access key; empty: none is sent."""
    batch: Batch = 16
    """Requests at once."""
    timeout_s: Annotated[float, Gt(0)] = 60.0
    tries: Annotated[int, Ge(1), Le(100)] = 6
    """How often a question is sent before it counts as an abstention."""
    per_minute: Annotated[int, Ge(0)] = 0
    """Most requests a minute; 0: as many as the server takes."""
    logprobs: Literal["required", "optional"] = "required"
    """`optional`: where the server gives none, a plain yes or no counts as p_yes 1 or 0, and its reason says so."""
    prompt_check: Literal["required", "skipped"] = "required"
    """`required`: the server must show the prompt that it makes of a question, since some templates move the pictures away from their
    labels and give no error. vLLM and llama.cpp show it; a commercial endpoint does not."""


JudgeModel = InternVl | Llava | MobileVlm | AnyVlm | HttpJudge
"""The section of one judge; another kind is added to this line."""
JudgeModelSection = Annotated[JudgeModel, ByTag(get_args(JudgeModel), "kind")]
