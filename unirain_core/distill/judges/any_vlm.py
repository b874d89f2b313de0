"""Any vision-language model that `transformers` knows as AutoModelForImageTextToText, with its own template and processor."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from unirain_core.compat import ensure_torchvision
from unirain_core.config.models import AnyVlm
from unirain_core.config.prompt import Prompt
from unirain_core.distill import pretrained
from unirain_core.distill.costs import Cost, Tower, cost_of, size_of
from unirain_core.distill.judges.answers import AnswerTokens
from unirain_core.distill.judges.judge import Question
from unirain_core.distill.judges.labels import demand_labels
from unirain_core.distill.judges.local import LocalJudge
from unirain_core.distill.judges.tokens import demand_room, spelled
from unirain_core.distill.preparing import as_it_is
from unirain_core.distill.prompt import Shown, parts
from unirain_core.distill.weights import fingerprint, folder_of
from unirain_core.engine.store import digest
from unirain_core.errors import ConfigError

_SHAPE = (384, 512, 3)
"""Height, width and channels of the blank pictures with which the length of a question is measured."""


def any_vlm_judge(name: str, model: AnyVlm, prompt: Prompt, n_references: int) -> LocalJudge:
    """The judge of a section of params; template, words and room are checked here, the weights load with the first question.

    Args:
        name: in params.
        model: its section.
        prompt: P.
        n_references: the most that a question shows.

    Raises:
        WeightsUnavailableError: its weights are not on this machine.
        ConfigError: the template moves the pictures away from their labels, a question would not fit into the context, or no
            word of the prompt is one token.
    """
    folder = folder_of(model.weights, model.revision)
    processor = _processor(folder)
    text = rendered(processor, prompt, n_references)
    demand_labels(name, text, prompt, n_references)
    AnswerTokens.of(spelled(processor.tokenizer), prompt)
    blank = Image.new("RGB", (_SHAPE[1], _SHAPE[0]))
    shown = processor(images=[[blank] * (1 + n_references)], text=[text], return_tensors="pt")
    demand_room(
        name, shown["input_ids"].shape[1], model.max_context, "lower keep_structural, or raise max_context"
    )
    return LocalJudge(
        name=name,
        prompt=text,
        version=digest(
            "transformers 2",
            fingerprint(folder),
            model.precision,
            type(processor).__name__,
            type(processor.image_processor).__name__,
            prompt.words_yes,
            prompt.words_no,
        ),
        batch=model.batch,
        prepare=as_it_is,
        load=partial(AnyVlmModel, folder, model, prompt),
        cost=_cost(folder, model, shown["input_ids"].shape[1], shown["pixel_values"].numel()),
    )


def _cost(folder: Path, model: AnyVlm, n_tokens: int, n_values: int) -> Cost | None:
    """What the longest question costs; None where the configuration has no vision tower of patches."""
    from transformers import AutoConfig

    size, config = size_of(folder), AutoConfig.from_pretrained(str(folder), local_files_only=True)
    patch = getattr(getattr(config, "vision_config", None), "patch_size", None)
    if size is None or not isinstance(patch, int):
        return None
    return cost_of(
        size,
        model.precision,
        batch=model.batch,
        tokens=n_tokens,
        text=Tower.of(config.get_text_config()),
        patches=n_values // (3 * patch**2),
    )


class AnyVlmModel:
    """As `Vlm`, of questions as they are.

    Other processes decode their pictures, and prepare them no further: an unknown processor pads pictures and words by the other
    questions of their batch, and its pixels may take more bytes than the pictures.
    """

    prepare = staticmethod(as_it_is)

    def __init__(self, folder: Path, section: AnyVlm, prompt: Prompt) -> None:
        """Load everything from a folder.

        Raises:
            ConfigError: weights are missing or left over.
        """
        ensure_torchvision()
        from transformers import AutoModelForImageTextToText

        self._section, self._prompt = section, prompt
        self._processor = _processor(folder)
        self._model = pretrained.loaded(AutoModelForImageTextToText, folder, section.precision)
        self.tokens = AnswerTokens.of(spelled(self._processor.tokenizer), prompt)

    def decode(self, token: int) -> str:
        """As `Vlm.decode`."""
        return str(self._processor.tokenizer.decode([token]))

    def logits(self, prepared: Sequence[Question]) -> Tensor:
        """As `Vlm.logits`."""
        texts: list[str] = []
        pictures: list[list[Image.Image]] = []
        for question in prepared:
            texts.append(rendered(self._processor, self._prompt, len(question.references)))
            pictures.append([Image.fromarray(picture) for picture in (question.query, *question.references)])
        encoded = self._processor(images=pictures, text=texts, return_tensors="pt", padding=True)
        if not bool(encoded["attention_mask"][:, -1].all()):
            raise ConfigError("this processor pads on the right; votes would be read from the padding")
        where, kind = pretrained.device(), pretrained.dtype_of(self._section.precision)
        inputs = {
            key: value.to(where, kind) if value.is_floating_point() else value.to(where)
            for key, value in encoded.items()
        }
        with torch.inference_mode():
            logits: Tensor = self._model(**inputs, logits_to_keep=1).logits[:, -1]
        return logits


def rendered(processor: Any, prompt: Prompt, n_references: int) -> str:  # noqa: ANN401 (a class of transformers)
    """The question in the model's own template."""
    content: list[dict[str, str]] = []
    for part in parts(prompt, n_references):
        content.append({"type": "image"} if isinstance(part, Shown) else {"type": "text", "text": part})
    turns = [{"role": "user", "content": content}]
    text: str = processor.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    return text


def _processor(folder: Path) -> Any:  # noqa: ANN401 (a class of transformers)
    ensure_torchvision()
    from transformers import AutoProcessor

    processor = AutoProcessor.from_pretrained(
        str(folder), local_files_only=True, trust_remote_code=False, backend="pil"
    )
    processor.tokenizer.padding_side = "left"
    return processor
