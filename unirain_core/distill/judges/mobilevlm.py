"""MobileVLM-3B as a judge. The paper names it, but its reference [43] describes another model (`docs/distil.md`).

It was trained on single pictures. Its published code takes several in one prompt, so Eq. (4) can be asked as it is written.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from unirain_core.compat import ensure_torchvision
from unirain_core.config.models import MobileVlm
from unirain_core.config.prompt import Prompt
from unirain_core.distill import pretrained
from unirain_core.distill.costs import Cost, Tower, cost_of, size_of
from unirain_core.distill.judges.answers import AnswerTokens
from unirain_core.distill.judges.judge import Judge
from unirain_core.distill.judges.local import LocalJudge
from unirain_core.distill.judges.mobilevlm_questions import (
    IMAGE,
    MobileVlmQuestions,
    PreparedPieces,
    asked,
    clip_values,
    configuration,
    tokens_of_a_picture,
)
from unirain_core.distill.judges.pairwise import PairwiseJudge
from unirain_core.distill.judges.pieces import PieceTokenizer
from unirain_core.distill.judges.tokens import demand_room, spelled
from unirain_core.distill.pixels import looked_up
from unirain_core.distill.weights import Located, fingerprint, folder_of
from unirain_core.engine.store import digest


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
    tokenizer, config = PieceTokenizer(folder), configuration(folder)
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
        prepare=Located(model.weights, model.revision, MobileVlmQuestions(model, prompt)),
        load=partial(MobileVlmModel, folder, model, prompt),
        cost=_cost(folder, model, n_tokens, len(pieces) - 1, n_references),
    )
    return PairwiseJudge(judge) if model.several == "pairwise" else judge


def _cost(folder: Path, model: MobileVlm, n_tokens: int, n_pictures: int, n_references: int) -> Cost | None:
    """What the longest question costs."""
    size, config = size_of(folder), configuration(folder)
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


class MobileVlmModel:
    """As `Vlm`."""

    def __init__(self, folder: Path, section: MobileVlm, prompt: Prompt) -> None:
        """Load everything from a folder.

        Raises:
            ConfigError: weights are missing or left over.
        """
        ensure_torchvision()
        from unirain_core.distill.judges.mobilevlm_model import MobileVlmForCausalLM, empty, weights

        config = configuration(folder)
        state = dict(weights(pretrained.tensors(folder), set(empty(config).state_dict())))
        renamed = pretrained.Renamed(config, state)
        self.prepare = partial(MobileVlmQuestions(section, prompt), folder)
        self._tokenizer = PieceTokenizer(folder)
        self._values = clip_values().to(pretrained.device(), pretrained.dtype_of(section.precision))
        self._model: Any = pretrained.loaded(MobileVlmForCausalLM, folder, section.precision, renamed)
        self.tokens = AnswerTokens.of(spelled(self._tokenizer), prompt)

    def decode(self, token: int) -> str:
        """As `Vlm.decode`."""
        return str(self._tokenizer.decode([token]))

    def logits(self, prepared: Sequence[PreparedPieces]) -> Tensor:
        """As `Vlm.logits`."""
        with torch.inference_mode():
            rows = [self._embedded(question) for question in prepared]
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

    def _embedded(self, question: PreparedPieces) -> Tensor:
        """(L, D) the question's words with its pictures between them."""
        features = self._model.features(looked_up(question.pixels, self._values))
        embed = self._model.get_input_embeddings()
        first, *others = [torch.from_numpy(words).to(features.device) for words in question.words]
        parts = [embed(first)]
        for of_picture, words in zip(features, others, strict=True):
            parts += [of_picture, embed(words)]
        return torch.cat(parts)
