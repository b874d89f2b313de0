"""Captions that a language model rewrites into one sentence; the paper cites Qwen2.5 for it."""

from collections.abc import Sequence
from typing import Any

import torch

from unirain_core.compat import ensure_torchvision
from unirain_core.config.models import Rewriter
from unirain_core.distill import pretrained
from unirain_core.distill.costs import Cost, Costed, Tower, cost_of, size_of
from unirain_core.distill.encoders.captioner import Captioner, captions_of
from unirain_core.distill.preparing import preparation
from unirain_core.distill.weights import fingerprint, folder_of
from unirain_core.engine.pools import Device
from unirain_core.engine.store import digest
from unirain_core.imaging.codec import RgbImage

REQUEST = (
    "Rewrite this description of a photograph as one sentence of at most 40 words. Keep what it says of the scene, the light and "
    "the rain, and add nothing.\n{caption}"
)
"""Forty words leave room for CLIP, which cuts after 77 tokens."""


class RewritingCaptioner:
    """As `Captioner` and `Preparing`: greedy, so that the same caption is always rewritten alike."""

    def __init__(self, inner: Captioner, section: Rewriter) -> None:
        """Find the weights; they are loaded by the first batch.

        Raises:
            WeightsUnavailableError: they are not on this machine.
        """
        self._inner, self._section = inner, section
        self.prepare = preparation(inner)
        self._folder = folder_of(section.weights, section.revision)
        parts = (fingerprint(self._folder), section.precision, section.max_tokens, REQUEST)
        self.form = f"{inner.form} + {section.weights} {digest('rewriter 1', *parts)[:12]}"
        self._loaded: tuple[Any, Any] | None = None

    @property
    def device(self) -> Device:
        """As `Captioner.device`."""
        return "gpu"

    @property
    def batch(self) -> int:
        """As `Captioner.batch`."""
        return min(self._inner.batch, self._section.batch)

    def captions(self, images: Sequence[RgbImage]) -> list[str]:
        """As `Captioner.captions`."""
        return self.of_prepared([self.prepare(image) for image in images])

    def of_prepared(self, prepared: Sequence[Any]) -> list[str]:
        """As `Preparing.of_prepared`."""
        return self.rewritten(captions_of(self._inner, prepared))

    def rewritten(self, captions: Sequence[str]) -> list[str]:
        """One sentence in place of each caption; a caption stays as it is where the model writes nothing."""
        if self._loaded is None:
            self._loaded = self._load()
        model, tokenizer = self._loaded
        turns = [[{"role": "user", "content": REQUEST.format(caption=caption)}] for caption in captions]
        inputs = tokenizer.apply_chat_template(
            turns, add_generation_prompt=True, return_dict=True, padding=True, return_tensors="pt"
        ).to(pretrained.device())
        with torch.inference_mode():
            tokens = model.generate(
                **inputs, max_new_tokens=self._section.max_tokens, num_beams=1, do_sample=False
            )
        texts = tokenizer.batch_decode(tokens[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        together: list[str] = []
        for caption, text in zip(captions, texts, strict=True):
            together.append(" ".join(text.split()) or caption)
        return together

    @property
    def cost(self) -> Cost | None:
        """As `Costed.cost`: the caption's own, and that of reading the request and writing the longest sentence."""
        ensure_torchvision()
        from transformers import AutoConfig

        size, config = (
            size_of(self._folder),
            AutoConfig.from_pretrained(str(self._folder), local_files_only=True),
        )
        inner = self._inner.cost if isinstance(self._inner, Costed) else None
        if size is None:
            return inner
        # the request and the caption are each about as long as the longest sentence
        tokens = 3 * self._section.max_tokens
        own = cost_of(size, self._section.precision, batch=self.batch, tokens=tokens, text=Tower.of(config))
        return own + inner if inner else own

    def _load(self) -> tuple[Any, Any]:
        ensure_torchvision()
        from transformers import AutoModelForCausalLM, AutoTokenizer

        model = pretrained.loaded(AutoModelForCausalLM, self._folder, self._section.precision)
        tokenizer = AutoTokenizer.from_pretrained(
            str(self._folder), local_files_only=True, trust_remote_code=False, padding_side="left"
        )
        return model, tokenizer
