"""A sentence encoder of `transformers` as text encoder of Eq. (1)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unirain_core.compat import ensure_torchvision
from unirain_core.config.models import SentenceEncoder
from unirain_core.distill import pretrained
from unirain_core.distill.costs import Cost, Tower, cost_of, size_of
from unirain_core.distill.weights import fingerprint, folder_of
from unirain_core.engine.pools import Device
from unirain_core.engine.store import digest

USUAL_TOKENS = 32
"""Tokens of a usual caption, with which the cost is forecast."""


class SentenceText:
    """As `TextEncoder`."""

    device: Device = "gpu"

    def __init__(self, section: SentenceEncoder) -> None:
        """Find the weights; they are loaded by the first batch.

        Raises:
            WeightsUnavailableError: they are not on this machine.
        """
        self._section = section
        self._folder = folder_of(section.weights, section.revision)
        parts = (fingerprint(self._folder), section.precision, section.pooling)
        self.name = f"sentence {section.weights} {digest('sentence 1', *parts)[:12]}"
        self.batch = section.batch
        self._loaded: tuple[Any, Any] | None = None

    def encode(self, captions: Sequence[str]) -> NDArray[np.float32]:
        """As `TextEncoder.encode`."""
        if self._loaded is None:
            self._loaded = self._load()
        model, tokenizer = self._loaded
        encoded = tokenizer(list(captions), padding=True, truncation=True, return_tensors="pt").to(
            pretrained.device()
        )
        with torch.inference_mode():
            states = model(**encoded).last_hidden_state.float()
        if self._section.pooling == "first":
            pooled = states[:, 0]
        else:
            weight = encoded["attention_mask"][..., None].float()
            pooled = (states * weight).sum(dim=1) / weight.sum(dim=1)
        vectors: NDArray[np.float32] = pooled.cpu().numpy()
        return vectors

    @property
    def cost(self) -> Cost | None:
        """As `Costed.cost`, of a caption of usual length."""
        ensure_torchvision()
        from transformers import AutoConfig

        size, config = (
            size_of(self._folder),
            AutoConfig.from_pretrained(str(self._folder), local_files_only=True),
        )
        if size is None:
            return None
        tower = Tower.of(config, keeps_keys=False)
        return cost_of(size, self._section.precision, batch=self.batch, tokens=USUAL_TOKENS, text=tower)

    def _load(self) -> tuple[Any, Any]:
        ensure_torchvision()
        from transformers import AutoModel, AutoTokenizer

        model = pretrained.loaded(AutoModel, self._folder, self._section.precision)
        tokenizer = AutoTokenizer.from_pretrained(
            str(self._folder), local_files_only=True, trust_remote_code=False
        )
        return model, tokenizer
