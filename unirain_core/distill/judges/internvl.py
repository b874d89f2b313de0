"""InternVL2.5 as a judge, from the authors' checkpoint or from its native form, without remote code."""

from collections.abc import Sequence
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from unirain_core.compat import ensure_torchvision
from unirain_core.config.models import InternVl
from unirain_core.config.prompt import Prompt
from unirain_core.distill import pretrained
from unirain_core.distill.costs import Cost, Tower, cost_of, size_of
from unirain_core.distill.judges.answers import AnswerTokens
from unirain_core.distill.judges.internvl_names import AUTHORS_TYPE, IMAGE_TOKEN, configuration, weights
from unirain_core.distill.judges.internvl_questions import (
    END,
    PROCESSOR,
    START,
    TEMPLATE,
    InternVlQuestions,
    context,
    image_processor,
    load_tokenizer,
    most_tiles,
    published_configuration,
    sequence_length,
)
from unirain_core.distill.judges.local import LocalJudge
from unirain_core.distill.judges.tokens import Prepared, demand_room, left_padded, spelled
from unirain_core.distill.pixels import looked_up, processed_values
from unirain_core.distill.prompt import written
from unirain_core.distill.weights import Located, fingerprint, folder_of
from unirain_core.engine.store import digest


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
        prepare=Located(model.weights, model.revision, InternVlQuestions(model, prompt)),
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


class InternVlModel:
    """As `Vlm`."""

    def __init__(self, folder: Path, section: InternVl, prompt: Prompt) -> None:
        """Load everything from a folder.

        Raises:
            ConfigError: weights are missing or left over.
        """
        self.prepare = partial(InternVlQuestions(section, prompt), folder)
        self._tokenizer = load_tokenizer(folder)
        self._values = processed_values(image_processor(folder)).to(
            pretrained.device(), pretrained.dtype_of(section.precision)
        )
        self._model = load_model(folder, section, self._tokenizer.convert_tokens_to_ids(IMAGE_TOKEN))
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


def load_model(folder: Path, section: InternVl, image_token: int) -> nn.Module:
    """The model of a folder of either form, in evaluation mode.

    Raises:
        ConfigError: weights are missing or left over.
    """
    ensure_torchvision()
    from transformers import InternVLForConditionalGeneration

    if published_configuration(folder)["model_type"] != AUTHORS_TYPE:
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

    content = published_configuration(folder)
    if content["model_type"] != AUTHORS_TYPE:
        return InternVLConfig.from_pretrained(str(folder), local_files_only=True)
    return InternVLConfig(**configuration(content, image_token))
