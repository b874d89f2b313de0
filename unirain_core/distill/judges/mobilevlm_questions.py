"""MobileVLM's questions as the model is given them: the words around each picture, and pixels. No weights are needed for that."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from unirain_core.compat import ensure_torchvision
from unirain_core.config.models import MobileVlm
from unirain_core.config.prompt import Prompt
from unirain_core.distill.judges.judge import Question
from unirain_core.distill.judges.pieces import PieceTokenizer
from unirain_core.distill.judges.tokens import Tokens, numbers
from unirain_core.distill.pixels import Pixels, values_of_levels
from unirain_core.distill.prompt import written
from unirain_core.errors import ConfigError
from unirain_core.imaging.codec import RgbImage

TEMPLATE = (
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and "
    "polite answers to the user's questions. USER: {question} ASSISTANT:"
)
"""No space at the end: the answer's own token begins with one."""
IMAGE = "<image>"
CLIP_MEAN = np.array((0.48145466, 0.4578275, 0.40821073))
CLIP_STD = np.array((0.26862954, 0.26130258, 0.27577711))
CELLS = ("top left", "top right", "bottom left", "bottom right")
"""Names of the cells of a montage; the query stands in the first."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedPieces:
    """A question as the model is given it."""

    words: tuple[Tokens, ...]
    """Before the first picture, between two pictures, and behind the last one."""
    pixels: Pixels
    """(N, 3, S, S)."""


@dataclass(frozen=True, slots=True)
class MobileVlmQuestions:
    """Makes of a question what the model is given."""

    section: MobileVlm
    prompt: Prompt

    def __call__(self, folder: Path, question: Question) -> PreparedPieces:
        """The words, and the pixels of the pictures between them."""
        tokenizer, side = _tools(folder)
        is_montage = self.section.several == "montage"
        pictures = [question.query, *question.references]
        if is_montage:
            pictures = [montage(pictures, side)]
        text = asked(self.prompt, len(question.references), montage=is_montage)
        first, *others = [numbers(tokenizer, words) for words in text.split(IMAGE)]
        begin = np.array([tokenizer.bos_token_id], dtype=np.int64)
        pixels = np.stack([squared(picture, side) for picture in pictures])
        return PreparedPieces((np.concatenate([begin, first]), *others), pixels)


@lru_cache(maxsize=1)  # a process asks one judge
def _tools(folder: Path) -> tuple[PieceTokenizer, int]:
    """The tokenizer, and the side of a picture."""
    return PieceTokenizer(folder), configuration(folder).vision["image_size"]


def asked(prompt: Prompt, n_references: int, *, montage: bool) -> str:
    """The whole text of a question, with IMAGE for each picture.

    Raises:
        ConfigError: a montage has no cell for so many references.
    """
    if not montage:
        return TEMPLATE.format(question=written(prompt, n_references, IMAGE))
    if n_references >= len(CELLS):
        raise ConfigError(
            f"several: montage shows at most {len(CELLS) - 1} references; use interleave or pairwise"
        )
    labels = [f"{prompt.query} {CELLS[0]}"]
    for number in range(1, n_references + 1):
        labels.append(f"{prompt.label(number)} {CELLS[number]}")
    question = prompt.question if n_references else prompt.alone
    return TEMPLATE.format(question="\n".join([IMAGE, prompt.instruction, *labels, question]))


def squared(picture: RgbImage, side: int) -> Pixels:
    """(3, S, S) a picture that was padded to a square with CLIP's mean colour, and resized."""
    height, width, _ = picture.shape
    longest = max(height, width)
    square = Image.new("RGB", (longest, longest), tuple(int(255 * value) for value in CLIP_MEAN))
    square.paste(Image.fromarray(picture), ((longest - width) // 2, (longest - height) // 2))
    small = np.asarray(square.resize((side, side), Image.Resampling.BICUBIC))
    return np.ascontiguousarray(small.transpose(2, 0, 1))


def clip_values() -> Tensor:
    """(3, 256) the values that CLIP is given of the levels."""

    def normal(picture: Pixels) -> Tensor:
        values = ((picture.astype(np.float32) / 255 - CLIP_MEAN) / CLIP_STD).astype(np.float32)
        return torch.from_numpy(values.transpose(2, 0, 1))

    return values_of_levels(normal)


def montage(pictures: Sequence[RgbImage], side: int) -> RgbImage:
    """Up to four pictures in the cells of one, each as large as fits, on black."""
    whole = Image.new("RGB", (2 * side, 2 * side))
    for number, picture in enumerate(pictures):
        cell = Image.fromarray(picture)
        cell.thumbnail((side, side), Image.Resampling.BICUBIC)
        whole.paste(cell, (number % 2 * side, number // 2 * side))
    return np.asarray(whole)


def tokens_of_a_picture(config: Any) -> int:  # noqa: ANN401 (a class of transformers)
    """Tokens of one picture: the projector halves the number of patches along each side."""
    side = config.vision["image_size"] // config.vision["patch_size"]
    return int(((side + 1) // 2) ** 2)


def configuration(folder: Path) -> Any:  # noqa: ANN401 (a class of transformers)
    """The configuration of a folder, as our class has it."""
    ensure_torchvision()
    from unirain_core.distill.judges.mobilevlm_model import MobileVlmConfig

    content = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return MobileVlmConfig(**{key: content[key] for key in _KEYS if key in content})


_KEYS = (
    "vision", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
    "vocab_size", "rms_norm_eps", "rope_theta", "max_position_embeddings", "bos_token_id", "eos_token_id", "pad_token_id",
    "tie_word_embeddings",
)  # fmt: skip
"""Keys that are read of the published config.json; the other keys belong to the authors' own program."""
