"""MobileVLM-3B as a judge. The paper names it, but its reference [43] describes another model (`docs/distil.md`).

It was trained on single pictures. Its published code takes several in one prompt, so Eq. (4) can be asked as it is written.
"""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from unirain_core.compat import ensure_torchvision
from unirain_core.config.models import MobileVlm
from unirain_core.config.prompt import Prompt
from unirain_core.distill import pretrained
from unirain_core.distill.costs import Cost, Tower, cost_of, size_of
from unirain_core.distill.judges.answers import AnswerTokens
from unirain_core.distill.judges.judge import Judge, Question
from unirain_core.distill.judges.local import LocalJudge
from unirain_core.distill.judges.pairwise import PairwiseJudge
from unirain_core.distill.judges.pieces import PieceTokenizer
from unirain_core.distill.judges.tokens import demand_room, spelled
from unirain_core.distill.prompt import written
from unirain_core.distill.weights import fingerprint, folder_of
from unirain_core.engine.store import digest
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


def mobilevlm_judge(name: str, model: MobileVlm, prompt: Prompt, n_references: int) -> Judge:
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
    tokenizer, config = PieceTokenizer(folder), _configuration(folder)
    AnswerTokens.of(spelled(tokenizer), prompt)
    n_shown = min(n_references, 1) if model.several == "pairwise" else n_references
    text = asked(prompt, n_shown, montage=model.several == "montage")
    pieces = text.split(IMAGE)
    n_words = 1 + sum(len(spelled(tokenizer)(piece)) for piece in pieces)
    n_tokens = n_words + (len(pieces) - 1) * tokens_of_a_picture(config)
    demand_room(name, n_tokens, config.max_position_embeddings, "use several: pairwise")
    judge = LocalJudge(
        name=name,
        prompt=text,
        version=digest(
            "mobilevlm 2",
            fingerprint(folder),
            model.precision,
            model.several,
            prompt.words_yes,
            prompt.words_no,
        ),
        batch=model.batch,
        load=partial(MobileVlmModel, folder, model, prompt),
        cost=_cost(folder, model, n_tokens, len(pieces) - 1, n_references),
    )
    return PairwiseJudge(judge) if model.several == "pairwise" else judge


def _cost(folder: Path, model: MobileVlm, n_tokens: int, n_pictures: int, n_references: int) -> Cost | None:
    """What the longest question costs."""
    size, config = size_of(folder), _configuration(folder)
    if size is None:
        return None
    # one reference at a time: a batch holds one prompt for each reference of each of its questions
    n_prompts = max(n_references, 1) if model.several == "pairwise" else 1
    cost = cost_of(
        size,
        model.precision,
        batch=n_prompts * model.batch,
        tokens=n_tokens,
        text=Tower.of(config),
        patches=n_pictures * (config.vision["image_size"] // config.vision["patch_size"]) ** 2,
        vision=Tower.of(SimpleNamespace(**config.vision), keeps_keys=False),
    )
    return cost.times(n_prompts)


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


class MobileVlmModel:
    """As `Vlm`."""

    def __init__(self, folder: Path, section: MobileVlm, prompt: Prompt) -> None:
        """Load everything from a folder.

        Raises:
            ConfigError: weights are missing or left over.
        """
        ensure_torchvision()
        from unirain_core.distill.judges.mobilevlm_model import MobileVlmForCausalLM, empty, weights

        config = _configuration(folder)
        state = dict(weights(pretrained.tensors(folder), set(empty(config).state_dict())))
        renamed = pretrained.Renamed(config, state)
        self._section, self._prompt = section, prompt
        self._side = config.vision["image_size"]
        self._tokenizer = PieceTokenizer(folder)
        self._model: Any = pretrained.loaded(MobileVlmForCausalLM, folder, section.precision, renamed)
        self.tokens = AnswerTokens.of(spelled(self._tokenizer), prompt)

    def decode(self, token: int) -> str:
        """As `Vlm.decode`."""
        return str(self._tokenizer.decode([token]))

    def logits(self, questions: Sequence[Question]) -> Tensor:
        """As `Vlm.logits`."""
        with torch.inference_mode():
            rows = [self._embedded(question) for question in questions]
            longest = max(len(row) for row in rows)
            embeddings = rows[0].new_zeros((len(rows), longest, rows[0].shape[1]))
            mask = torch.zeros((len(rows), longest), dtype=torch.long, device=embeddings.device)
            # padding stands on the left, so every prompt ends in the last place, from which the answer is read
            for number, row in enumerate(rows):
                embeddings[number, longest - len(row) :] = row
                mask[number, longest - len(row) :] = 1
            places = (mask.cumsum(-1) - 1).clamp(min=0)
            out = self._model(
                inputs_embeds=embeddings, attention_mask=mask, position_ids=places, logits_to_keep=1
            )
        logits: Tensor = out.logits[:, -1]
        return logits

    def _embedded(self, question: Question) -> Tensor:
        """(L, D) the question's words with its pictures between them."""
        is_montage = self._section.several == "montage"
        text = asked(self._prompt, len(question.references), montage=is_montage)
        pictures = [question.query, *question.references]
        if is_montage:
            pictures = [montage(pictures, self._side)]
        pixels = torch.from_numpy(np.stack([prepared(picture, self._side) for picture in pictures]))
        where = pretrained.device()
        features = self._model.features(pixels.to(where, pretrained.dtype_of(self._section.precision)))
        embed = self._model.get_input_embeddings()
        first, *others = text.split(IMAGE)
        numbers = [self._tokenizer.bos_token_id, *spelled(self._tokenizer)(first)]
        parts = [embed(torch.tensor(numbers, device=where))]
        for of_picture, words in zip(features, others, strict=True):
            parts += [
                of_picture,
                embed(torch.tensor(spelled(self._tokenizer)(words), device=where, dtype=torch.long)),
            ]
        return torch.cat(parts)


def prepared(picture: RgbImage, side: int) -> NDArray[np.float32]:
    """(3, S, S) as CLIP reads it, after the picture was padded to a square with CLIP's mean colour."""
    height, width, _ = picture.shape
    longest = max(height, width)
    square = Image.new("RGB", (longest, longest), tuple(int(255 * value) for value in CLIP_MEAN))
    square.paste(Image.fromarray(picture), ((longest - width) // 2, (longest - height) // 2))
    small = np.asarray(square.resize((side, side), Image.Resampling.BICUBIC), dtype=np.float32) / 255
    normal: NDArray[np.float32] = ((small - CLIP_MEAN) / CLIP_STD).astype(np.float32)
    return np.ascontiguousarray(normal.transpose(2, 0, 1))


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


def _configuration(folder: Path) -> Any:  # noqa: ANN401 (a class of transformers)
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
