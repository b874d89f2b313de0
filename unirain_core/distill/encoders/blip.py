"""BLIP as captioner: greedy, so that the same picture always gets the same caption."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from unirain_core.compat import ensure_torchvision
from unirain_core.config.models import Blip
from unirain_core.distill import pretrained
from unirain_core.distill.costs import Cost, Tower, cost_of, size_of
from unirain_core.distill.pixels import Pixels, looked_up, processed, processed_values
from unirain_core.distill.weights import Located, fingerprint, folder_of
from unirain_core.engine.pools import Device
from unirain_core.engine.store import digest
from unirain_core.errors import ConfigError
from unirain_core.imaging.codec import RgbImage

PROCESSOR = "BlipImageProcessorPil"


def blip_pixels(folder: Path, picture: RgbImage) -> Pixels:
    """(3, S, S) a picture (H, W, 3) as the model is given it, not yet floats; no weights are needed for that."""
    pixels: Pixels = processed(_processor(folder).image_processor, picture)[0]
    return pixels


class BlipCaptioner:
    """As `Captioner` and `Preparing`."""

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
        self.prepare = Located(section.weights, section.revision, blip_pixels)
        self._loaded: tuple[Any, Tensor] | None = None

    def captions(self, images: Sequence[RgbImage]) -> list[str]:
        """As `Captioner.captions`."""
        return self.of_prepared([self.prepare(image) for image in images])

    def of_prepared(self, prepared: Sequence[Pixels]) -> list[str]:
        """As `Preparing.of_prepared`."""
        if self._loaded is None:
            self._loaded = self._load()
        (model, values), processor = self._loaded, _processor(self._folder)
        prompts = [self._section.prompt] * len(prepared)
        words = processor(text=prompts, return_tensors="pt").to(values.device) if prompts[0] else {}
        pixels = looked_up(np.stack(prepared), values)
        with torch.inference_mode():
            tokens = model.generate(
                **words,
                pixel_values=pixels,
                max_new_tokens=self._section.max_tokens,
                num_beams=1,
                do_sample=False,
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

    def _load(self) -> tuple[Any, Tensor]:
        """The model, and the values of the levels of its pixels."""
        ensure_torchvision()
        from transformers import BlipForConditionalGeneration

        model = pretrained.loaded(BlipForConditionalGeneration, self._folder, self._section.precision)
        values = processed_values(_processor(self._folder).image_processor)
        return model, values.to(pretrained.device(), pretrained.dtype_of(self._section.precision))


@lru_cache(maxsize=1)  # a process has one captioner
def _processor(folder: Path) -> Any:  # noqa: ANN401 (a class of transformers)
    """What prepares pictures and reads words.

    Raises:
        ConfigError: the folder has none, since it is another model's.
    """
    ensure_torchvision()
    from transformers import BlipProcessor

    settings = {"local_files_only": True, "trust_remote_code": False, "backend": "pil"}
    try:
        return BlipProcessor.from_pretrained(str(folder), **settings)
    except OSError:
        raise ConfigError(
            f"{folder.name} lacks the settings of its image processor; check that weights and revision in params.yaml are of "
            "this kind of model"
        ) from None
