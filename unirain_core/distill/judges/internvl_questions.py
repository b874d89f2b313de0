"""InternVL2.5's questions as the model is given them: tokens and tiles. No weights are needed for that.

Pictures are cut into tiles of 448 x 448; each is 256 tokens between a start and an end mark.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from unirain_core.compat import ensure_torchvision
from unirain_core.config.models import InternVl
from unirain_core.config.prompt import Prompt
from unirain_core.distill.judges.internvl_names import IMAGE_TOKEN
from unirain_core.distill.judges.judge import Question
from unirain_core.distill.judges.pieces import PieceTokenizer
from unirain_core.distill.judges.tokens import Prepared, numbers
from unirain_core.distill.pixels import Pixels, processed
from unirain_core.distill.prompt import written
from unirain_core.imaging.codec import RgbImage

TEMPLATE = "<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"
"""It has no system text, like the template of the native form; the authors' chat program has one."""
START, END = "<img>", "</img>"
MAX_CONTEXT = 8192
"""Tokens for which InternVL2.5 was trained."""
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Given to the image processor, whose defaults are those of CLIP."""
PROCESSOR = "GotOcr2ImageProcessorPil"
"""Its pixels differ from the authors' by at most 4e-7; those of the processor that uses torchvision differ by up to 0.21."""


@dataclass(frozen=True, slots=True)
class InternVlQuestions:
    """Makes of a question what the model is given."""

    section: InternVl
    prompt: Prompt

    def __call__(self, folder: Path, question: Question) -> Prepared:
        """A token for every place of a picture, and the tiles of all pictures."""
        tokenizer, images, tile_tokens = _tools(folder)
        tiles = [_tiles(images, question.query, self.section.query_tiles)]
        for reference in question.references:
            tiles.append(_tiles(images, reference, self.section.reference_tiles))
        text = TEMPLATE.format(question=written(self.prompt, len(question.references), IMAGE_TOKEN))
        shown, *others = text.split(IMAGE_TOKEN)
        for of_picture, words in zip(tiles, others, strict=True):
            shown += START + IMAGE_TOKEN * (tile_tokens * len(of_picture)) + END + words
        return Prepared(numbers(tokenizer, shown), np.concatenate(tiles))


def _tiles(images: Any, picture: RgbImage, most: int) -> Pixels:  # noqa: ANN401 (a class of transformers)
    """(T, 3, S, S) tiles of a picture, T at most `most_tiles(most)`."""
    return processed(images, picture, crop_to_patches=most > 1, min_patches=1, max_patches=most)


@lru_cache(maxsize=1)  # a process asks one judge
def _tools(folder: Path) -> tuple[Any, Any, int]:
    """The tokenizer, the image processor, and the tokens of a tile."""
    return load_tokenizer(folder), image_processor(folder), sequence_length(folder)


def most_tiles(max_patches: int) -> int:
    """The most tiles of one picture: a picture that is cut has one more tile, which shows the whole of it."""
    return max_patches + 1 if max_patches > 1 else 1


def image_processor(folder: Path) -> Any:  # noqa: ANN401 (a class of transformers)
    """What cuts and scales the pictures, with the settings of InternVL."""
    ensure_torchvision()
    from transformers import GotOcr2ImageProcessorPil

    side = published_configuration(folder)["vision_config"]["image_size"]
    side = side if isinstance(side, int) else side[0]
    return GotOcr2ImageProcessorPil(
        size={"height": side, "width": side}, image_mean=IMAGENET_MEAN, image_std=IMAGENET_STD
    )


def context(folder: Path) -> int:
    """The most tokens of a question.

    They are never more than the positions of the language model. Beyond these, its rotary angles depend on the longest text so
    far, so an answer would depend on the questions before it.
    """
    content = published_configuration(folder)
    text = content.get("llm_config") or content["text_config"]
    return min(MAX_CONTEXT, int(text.get("max_position_embeddings", MAX_CONTEXT)))


def sequence_length(folder: Path) -> int:
    """Tokens of one tile."""
    content = published_configuration(folder)
    vision = content["vision_config"]
    side, patch = (
        value if isinstance(value, int) else value[0]
        for value in (vision["image_size"], vision["patch_size"])
    )
    return int(side // patch * content["downsample_ratio"]) ** 2


def load_tokenizer(folder: Path) -> Any:  # noqa: ANN401 (a class of transformers, or ours)
    """The tokenizer of a folder: of the native form from its tokenizer.json, of the authors' from its SentencePiece model."""
    if not (folder / "tokenizer.json").is_file():
        return PieceTokenizer(folder)
    ensure_torchvision()
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)


def published_configuration(folder: Path) -> dict[str, Any]:
    """The content of the folder's config.json."""
    content: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return content
