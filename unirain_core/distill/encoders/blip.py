"""BLIP as captioner: greedy, so that the same picture always gets the same caption."""

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from unirain_core.compat import ensure_torchvision
from unirain_core.config.models import Blip
from unirain_core.distill import pretrained
from unirain_core.distill.costs import Cost, Tower, cost_of, size_of
from unirain_core.distill.weights import fingerprint, folder_of
from unirain_core.engine.pools import Device
from unirain_core.engine.store import digest
from unirain_core.imaging.codec import RgbImage

PROCESSOR = "BlipImageProcessorPil"


class BlipCaptioner:
    """As `Captioner`."""

    device: Device = "gpu"

    def __init__(self, section: Blip) -> None:
        """Find the weights; they are loaded by the first batch.

        Raises:
            WeightsUnavailableError: they are not on this machine.
        """
        self._section = section
        self._folder = folder_of(section.weights, section.revision)
        parts = (fingerprint(self._folder), section.precision, section.prompt, section.max_tokens, PROCESSOR)
        self.form = f"blip {section.weights} {digest('blip 1', *parts)[:12]}"
        self.batch = section.batch
        self._loaded: tuple[Any, Any] | None = None

    def captions(self, images: Sequence[RgbImage]) -> list[str]:
        """As `Captioner.captions`."""
        if self._loaded is None:
            self._loaded = self._load()
        model, processor = self._loaded
        prompts = [self._section.prompt] * len(images) if self._section.prompt else None
        pictures = [Image.fromarray(image) for image in images]
        inputs = processor(images=pictures, text=prompts, return_tensors="pt").to(pretrained.device())
        inputs["pixel_values"] = inputs["pixel_values"].to(pretrained.dtype_of(self._section.precision))
        with torch.inference_mode():
            tokens = model.generate(
                **inputs, max_new_tokens=self._section.max_tokens, num_beams=1, do_sample=False
            )
        captions: list[str] = processor.batch_decode(tokens, skip_special_tokens=True)
        return [caption.strip() for caption in captions]

    @property
    def cost(self) -> Cost | None:
        """As `Costed.cost`: a picture, and the longest caption."""
        ensure_torchvision()
        from transformers import BlipConfig

        size, config = (
            size_of(self._folder),
            BlipConfig.from_pretrained(str(self._folder), local_files_only=True),
        )
        if size is None:
            return None
        vision = config.vision_config
        return cost_of(
            size,
            self._section.precision,
            batch=self.batch,
            tokens=self._section.max_tokens,
            text=Tower.of(config.text_config),
            patches=(vision.image_size // vision.patch_size) ** 2,
            vision=Tower.of(vision, keeps_keys=False),
        )

    def _load(self) -> tuple[Any, Any]:
        ensure_torchvision()
        from transformers import BlipForConditionalGeneration, BlipProcessor

        model = pretrained.loaded(BlipForConditionalGeneration, self._folder, self._section.precision)
        processor = BlipProcessor.from_pretrained(
            str(self._folder), local_files_only=True, trust_remote_code=False, backend="pil"
        )
        return model, processor
