"""InternVL2.5 as a judge, from the authors' checkpoint or from its native form, without remote code.

Pictures are cut into tiles of 448 x 448; each is 256 tokens between a start and an end mark.
"""

import json
from collections.abc import Sequence
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from unirain_core.compat import ensure_torchvision
from unirain_core.config.models import InternVl
from unirain_core.config.prompt import Prompt
from unirain_core.distill import pretrained
from unirain_core.distill.costs import Cost, Tower, cost_of, size_of
from unirain_core.distill.judges.answers import AnswerTokens
from unirain_core.distill.judges.internvl_names import AUTHORS_TYPE, IMAGE_TOKEN, configuration, weights
from unirain_core.distill.judges.judge import Question
from unirain_core.distill.judges.local import LocalJudge
from unirain_core.distill.judges.pieces import PieceTokenizer
from unirain_core.distill.judges.tokens import demand_room, left_padded, spelled
from unirain_core.distill.prompt import written
from unirain_core.distill.weights import fingerprint, folder_of
from unirain_core.engine.store import digest
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


def internvl_judge(name: str, model: InternVl, prompt: Prompt, n_references: int) -> LocalJudge:
    """The judge of a section of params; words and room are checked here, the weights are loaded by the first question.

    Args:
        name: in params.
        model: its section.
        prompt: P.
        n_references: the most that a question shows.

    Raises:
        WeightsUnavailableError: its weights are not on this machine.
        ConfigError: a question would not fit into the context, or no word of the prompt is one token.
    """
    folder = folder_of(model.weights, model.revision)
    tokenizer = load_tokenizer(folder)
    AnswerTokens.of(spelled(tokenizer), prompt)
    tiles = most_tiles(model.query_tiles) + n_references * most_tiles(model.reference_tiles)
    words = TEMPLATE.format(question=written(prompt, n_references, ""))
    n_marks = 2 * (1 + n_references)  # START and END of each picture
    n_tokens = len(spelled(tokenizer)(words)) + n_marks + sequence_length(folder) * tiles
    demand_room(name, n_tokens, context(folder), "lower query_tiles or reference_tiles")
    return LocalJudge(
        name=name,
        prompt=TEMPLATE.format(question=written(prompt, n_references, f"{START}{END}")),
        version=digest(
            "internvl 2",
            fingerprint(folder),
            model.precision,
            model.query_tiles,
            model.reference_tiles,
            PROCESSOR,
            prompt.words_yes,
            prompt.words_no,
        ),
        batch=model.batch,
        load=partial(InternVlModel, folder, model, prompt),
        cost=_cost(folder, model, n_tokens, tiles),
    )


def _cost(folder: Path, model: InternVl, n_tokens: int, tiles: int) -> Cost | None:
    """What the longest question costs."""
    size, config = size_of(folder), native_configuration(folder)
    if size is None:
        return None
    vision = config.vision_config
    patches = tiles * prod(
        side // patch for side, patch in zip(vision.image_size, vision.patch_size, strict=True)
    )
    return cost_of(
        size,
        model.precision,
        batch=model.batch,
        tokens=n_tokens,
        text=Tower.of(config.text_config),
        patches=patches,
        vision=Tower.of(vision, keeps_keys=False),
    )


def most_tiles(max_patches: int) -> int:
    """The most tiles of one picture: a picture that is cut has one more tile, which shows the whole of it."""
    return max_patches + 1 if max_patches > 1 else 1


class InternVlModel:
    """As `Vlm`."""

    def __init__(self, folder: Path, section: InternVl, prompt: Prompt) -> None:
        """Load everything from a folder.

        Raises:
            ConfigError: weights are missing or left over.
        """
        self._section, self._prompt = section, prompt
        self._tokenizer = load_tokenizer(folder)
        self._tile_tokens = sequence_length(folder)
        self._images = image_processor(folder)
        self._model = load_model(folder, section, self._tokenizer.convert_tokens_to_ids(IMAGE_TOKEN))
        self.tokens = AnswerTokens.of(spelled(self._tokenizer), prompt)

    def decode(self, token: int) -> str:
        """As `Vlm.decode`."""
        return str(self._tokenizer.decode([token]))

    def logits(self, questions: Sequence[Question]) -> Tensor:
        """As `Vlm.logits`."""
        texts: list[str] = []
        tiles: list[Tensor] = []
        for question in questions:
            text, of_question = self._shown(question)
            texts.append(text)
            tiles += of_question
        encoded = left_padded(self._tokenizer, texts)
        where = pretrained.device()
        pixels = torch.cat(tiles).to(where, pretrained.dtype_of(self._section.precision))
        with torch.inference_mode():
            out = self._model(
                input_ids=encoded.ids.to(where),
                attention_mask=encoded.mask.to(where),
                pixel_values=pixels,
                logits_to_keep=1,
            )
        logits: Tensor = out.logits[:, -1]
        return logits

    def _shown(self, question: Question) -> tuple[str, list[Tensor]]:
        """The text of a question, with one token for every place of a picture, and the tiles of its pictures."""
        text = TEMPLATE.format(question=written(self._prompt, len(question.references), IMAGE_TOKEN))
        tiles = [self._tiles(question.query, self._section.query_tiles)]
        for reference in question.references:
            tiles.append(self._tiles(reference, self._section.reference_tiles))
        shown, *others = text.split(IMAGE_TOKEN)
        for of_picture, words in zip(tiles, others, strict=True):
            shown += START + IMAGE_TOKEN * (self._tile_tokens * len(of_picture)) + END + words
        return shown, tiles

    def _tiles(self, picture: RgbImage, most: int) -> Tensor:
        """(T, 3, S, S) float32 tiles of a picture, T at most `most_tiles(most)`."""
        out = self._images(
            Image.fromarray(picture),
            return_tensors="np",
            crop_to_patches=most > 1,
            min_patches=1,
            max_patches=most,
        )
        return torch.from_numpy(np.asarray(out["pixel_values"]))


def image_processor(folder: Path) -> Any:  # noqa: ANN401 (a class of transformers)
    """What cuts and scales the pictures, with the settings of InternVL."""
    ensure_torchvision()
    from transformers import GotOcr2ImageProcessorPil

    side = _configuration(folder)["vision_config"]["image_size"]
    side = side if isinstance(side, int) else side[0]
    return GotOcr2ImageProcessorPil(
        size={"height": side, "width": side}, image_mean=IMAGENET_MEAN, image_std=IMAGENET_STD
    )


def context(folder: Path) -> int:
    """The most tokens of a question.

    They are never more than the positions of the language model. Beyond these, its rotary angles depend on the longest text so
    far, so an answer would depend on the questions before it.
    """
    content = _configuration(folder)
    text = content.get("llm_config") or content["text_config"]
    return min(MAX_CONTEXT, int(text.get("max_position_embeddings", MAX_CONTEXT)))


def sequence_length(folder: Path) -> int:
    """Tokens of one tile."""
    content = _configuration(folder)
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


def load_model(folder: Path, section: InternVl, image_token: int) -> nn.Module:
    """The model of a folder of either form, in evaluation mode.

    Raises:
        ConfigError: weights are missing or left over.
    """
    ensure_torchvision()
    from transformers import InternVLForConditionalGeneration

    if _configuration(folder)["model_type"] != AUTHORS_TYPE:
        return pretrained.loaded(InternVLForConditionalGeneration, folder, section.precision)
    config = native_configuration(folder, image_token)
    text = config.text_config
    groups = text.num_attention_heads // text.num_key_value_heads
    head = text.hidden_size // text.num_attention_heads
    renamed = pretrained.Renamed(config, dict(weights(pretrained.tensors(folder), groups, head)))
    return pretrained.loaded(InternVLForConditionalGeneration, folder, section.precision, renamed)


def native_configuration(folder: Path, image_token: int = 0) -> Any:  # noqa: ANN401 (a class of transformers)
    """The configuration of a folder of either form, as `transformers` has it."""
    ensure_torchvision()
    from transformers import InternVLConfig

    content = _configuration(folder)
    if content["model_type"] != AUTHORS_TYPE:
        return InternVLConfig.from_pretrained(str(folder), local_files_only=True)
    return InternVLConfig(**configuration(content, image_token))


def _configuration(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return content
