"""LLaVA-NeXT-Interleave as a judge. Each picture is one view of 384 x 384: 729 tokens.

The prompt is our own string: the template on the hub puts all pictures first, so that their labels stand apart from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from unirain_core.compat import ensure_torchvision
from unirain_core.config.models import Llava
from unirain_core.config.prompt import Prompt
from unirain_core.distill import pretrained
from unirain_core.distill.costs import Cost, Tower, cost_of, size_of
from unirain_core.distill.judges.answers import AnswerTokens
from unirain_core.distill.judges.judge import Question
from unirain_core.distill.judges.local import LocalJudge
from unirain_core.distill.judges.tokens import Prepared, demand_room, left_padded, numbers, spelled
from unirain_core.distill.pixels import looked_up, processed, processed_values
from unirain_core.distill.prompt import written
from unirain_core.distill.weights import Located, fingerprint, folder_of
from unirain_core.engine.store import digest

TEMPLATE = "<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"
IMAGE = "<image>"
PROCESSOR = "SiglipImageProcessorPil"


def llava_judge(name: str, model: Llava, prompt: Prompt, n_references: int) -> LocalJudge:
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
    tokenizer, config = _tokenizer(folder), _configuration(folder)
    AnswerTokens.of(spelled(tokenizer), prompt)
    words = TEMPLATE.format(question=written(prompt, n_references, ""))
    n_tokens = len(spelled(tokenizer)(words)) + (1 + n_references) * tokens_of_a_picture(config)
    demand_room(name, n_tokens, config.text_config.max_position_embeddings, "lower keep_structural")
    return LocalJudge(
        name=name,
        prompt=TEMPLATE.format(question=written(prompt, n_references, IMAGE)),
        version=digest(
            "llava 2", fingerprint(folder), model.precision, PROCESSOR, prompt.words_yes, prompt.words_no
        ),
        batch=model.batch,
        prepare=Located(model.weights, model.revision, LlavaQuestions(prompt)),
        load=partial(LlavaModel, folder, model, prompt),
        cost=_cost(folder, model, n_tokens, 1 + n_references),
    )


def _cost(folder: Path, model: Llava, n_tokens: int, n_pictures: int) -> Cost | None:
    """What the longest question costs."""
    size, config = size_of(folder), _configuration(folder)
    if size is None:
        return None
    return cost_of(
        size,
        model.precision,
        batch=model.batch,
        tokens=n_tokens,
        text=Tower.of(config.text_config),
        patches=n_pictures * tokens_of_a_picture(config),
        vision=Tower.of(config.vision_config, keeps_keys=False),
    )


@dataclass(frozen=True, slots=True)
class LlavaQuestions:
    """Makes of a question what the model is given; it needs no weights."""

    prompt: Prompt

    def __call__(self, folder: Path, question: Question) -> Prepared:
        """Tokens and pixels."""
        tokenizer, images, picture_tokens = _tools(folder)
        places = written(self.prompt, len(question.references), IMAGE * picture_tokens)
        tokens = numbers(tokenizer, TEMPLATE.format(question=places))
        pictures = (question.query, *question.references)
        return Prepared(tokens, np.concatenate([processed(images, picture) for picture in pictures]))


class LlavaModel:
    """As `Vlm`."""

    def __init__(self, folder: Path, section: Llava, prompt: Prompt) -> None:
        """Load everything from a folder.

        Raises:
            ConfigError: weights are missing or left over.
        """
        ensure_torchvision()
        from transformers import LlavaForConditionalGeneration

        self.prepare = partial(LlavaQuestions(prompt), folder)
        self._tokenizer = _tokenizer(folder)
        self._values = processed_values(_images(folder)).to(
            pretrained.device(), pretrained.dtype_of(section.precision)
        )
        self._model = pretrained.loaded(LlavaForConditionalGeneration, folder, section.precision)
        self.tokens = AnswerTokens.of(spelled(self._tokenizer), prompt)

    def decode(self, token: int) -> str:
        """As `Vlm.decode`."""
        return str(self._tokenizer.decode([token]))

    def logits(self, prepared: Sequence[Prepared]) -> Tensor:
        """As `Vlm.logits`."""
        encoded = left_padded([question.tokens for question in prepared])
        pixels = np.concatenate([question.pixels for question in prepared])
        where = pretrained.device()
        with torch.inference_mode():
            out = self._model(
                input_ids=encoded.ids.to(where),
                attention_mask=encoded.mask.to(where),
                pixel_values=looked_up(pixels, self._values),
                logits_to_keep=1,
            )
        logits: Tensor = out.logits[:, -1]
        return logits


def tokens_of_a_picture(config: Any) -> int:  # noqa: ANN401 (a class of transformers)
    """Places of one picture: all patches, since SigLIP has no class token."""
    vision = config.vision_config
    return int((vision.image_size // vision.patch_size) ** 2)


@lru_cache(maxsize=1)  # a process asks one judge
def _tools(folder: Path) -> tuple[Any, Any, int]:
    """The tokenizer, the image processor, and the places of a picture."""
    return _tokenizer(folder), _images(folder), tokens_of_a_picture(_configuration(folder))


def _images(folder: Path) -> Any:  # noqa: ANN401 (a class of transformers)
    ensure_torchvision()
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    side = _configuration(folder).vision_config.image_size
    return SiglipImageProcessorPil(size={"height": side, "width": side})


def _configuration(folder: Path) -> Any:  # noqa: ANN401 (a class of transformers)
    ensure_torchvision()
    from transformers import LlavaConfig

    return LlavaConfig.from_pretrained(str(folder), local_files_only=True)


def _tokenizer(folder: Path) -> Any:  # noqa: ANN401 (a class of transformers)
    ensure_torchvision()
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
