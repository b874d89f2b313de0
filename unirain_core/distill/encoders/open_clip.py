"""OpenCLIP as image encoder and as text encoder."""

import json
import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unirain_core.compat import ensure_torchvision
from unirain_core.config.models import OpenClip
from unirain_core.distill import pretrained
from unirain_core.distill.costs import Cost, Tower, cost_of, size_of
from unirain_core.distill.encoders.open_clip_pixels import CONFIG, clip_pixels, clip_values, shapes_of
from unirain_core.distill.pixels import Pixels, looked_up
from unirain_core.distill.weights import Located, fingerprint, folder_of
from unirain_core.engine.pools import Device
from unirain_core.engine.store import digest
from unirain_core.errors import ConfigError
from unirain_core.imaging.codec import RgbImage

_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")


class OpenClipImage:
    """As `ImageEncoder` and `Preparing`."""

    device: Device = "gpu"

    def __init__(self, section: OpenClip) -> None:
        """Find the weights; they are loaded by the first batch.

        Raises:
            WeightsUnavailableError: they are not on this machine.
            ConfigError: OpenAI's weights are named with an architecture of another activation.
        """
        self._section, self._place = section, _place(section)
        self.name = f"open_clip image {_name(section, self._place)}"
        self.batch = section.batch
        prepare = partial(clip_pixels, section.architecture)
        self.prepare = Located(section.weights, section.revision, prepare)
        self._values: Tensor | None = None

    @property
    def cost(self) -> Cost | None:
        """As `Costed.cost`; None of a tower that does not read patches."""
        size, content = size_of(_file(self._place)), _configuration(self._section, self._place)["vision_cfg"]
        if size is None or "patch_size" not in content:
            return None
        own = replace(size, language=0, looked_up=0)
        return cost_of(
            own,
            self._section.precision,
            batch=self.batch,
            patches=(content["image_size"] // content["patch_size"]) ** 2,
            vision=_tower(content),
        )

    def encode(self, images: Sequence[RgbImage]) -> NDArray[np.float32]:
        """As `ImageEncoder.encode`."""
        return self.of_prepared([self.prepare(image) for image in images])

    def of_prepared(self, prepared: Sequence[Pixels]) -> NDArray[np.float32]:
        """As `Preparing.of_prepared`."""
        model, _ = loaded(self._section, self._place)
        if self._values is None:
            kind = pretrained.dtype_of(self._section.precision)
            values = clip_values(self._section.architecture, self._place)
            self._values = values.to(pretrained.device(), kind)
        with torch.inference_mode():
            features = model.encode_image(looked_up(np.stack(prepared), self._values)).float()
            unit: NDArray[np.float32] = torch.nn.functional.normalize(features, dim=-1).cpu().numpy()
        return unit


class OpenClipText:
    """As `TextEncoder`; vectors are not normalised, as Eq. 1 writes them."""

    device: Device = "gpu"

    def __init__(self, section: OpenClip) -> None:
        """As `OpenClipImage`."""
        self._section, self._place = section, _place(section)
        self.name = f"open_clip text {_name(section, self._place)}"
        self.batch = section.batch

    @property
    def cost(self) -> Cost | None:
        """As `Costed.cost`: every caption is padded to the whole context."""
        size, content = (
            size_of(_file(self._place)),
            _configuration(self._section, self._place).get("text_cfg", {}),
        )
        if size is None or "width" not in content:
            return None
        own, tokens = replace(size, vision=0), content.get("context_length", 77)
        return cost_of(own, self._section.precision, batch=self.batch, tokens=tokens, text=_tower(content))

    def encode(self, captions: Sequence[str]) -> NDArray[np.float32]:
        """As `TextEncoder.encode`."""
        model, tokenize = loaded(self._section, self._place)
        with torch.inference_mode():
            features = model.encode_text(tokenize(list(captions)).to(pretrained.device()))
            vectors: NDArray[np.float32] = features.float().cpu().numpy()
        return vectors


@lru_cache(maxsize=1)  # image and text encoder are often two towers of one model
def loaded(section: OpenClip, place: Path) -> tuple[Any, Any]:
    """The model and the tokenizer.

    Raises:
        ConfigError: the weights do not fit the architecture.
    """
    ensure_torchvision()
    import open_clip

    name = shapes_of(section.architecture, place)
    is_folder = name != section.architecture
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "error", message=".*QuickGELU.*"
            )  # the wrong activation gives other vectors
            model = open_clip.create_model(
                name, pretrained=None if is_folder else str(_file(place)), precision="fp32", device="cpu"
            )
            tokenize = open_clip.get_tokenizer(name)
    except (RuntimeError, UserWarning) as error:
        raise ConfigError(
            f"encoder_models: {section.architecture} and {section.weights} do not fit together: "
            f"{' '.join(str(error).split())[:200]}"
        ) from None
    model = model.to(pretrained.device(), pretrained.dtype_of(section.precision)).eval()
    return model, tokenize


def _configuration(section: OpenClip, place: Path) -> dict[str, Any]:
    """The shapes of both towers."""
    file = place / CONFIG
    if file.is_file():
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["model_cfg"]
        return content
    ensure_torchvision()
    import open_clip

    return open_clip.get_model_config(section.architecture) or {"vision_cfg": {}}


def _tower(content: dict[str, Any]) -> Tower:
    width = content["width"]
    inner = int(width * content.get("mlp_ratio", 4))
    return Tower(layers=content["layers"], width=width, inner=inner, key_value=0)


def _place(section: OpenClip) -> Path:
    """Where the weights lie.

    OpenAI trained with QuickGELU. With an ordinary GELU the same weights give other vectors, and open_clip does not warn when
    they are loaded from a path.

    Raises:
        ConfigError: the architecture has an ordinary GELU.
        WeightsUnavailableError: the weights are not on this machine.
    """
    is_openai = "openai" in section.weights.lower()
    if is_openai and not section.architecture.endswith("-quickgelu"):
        raise ConfigError(
            f"encoder_models: {section.weights} needs an architecture with QuickGELU; write "
            f"architecture: {section.architecture}-quickgelu"
        )
    return folder_of(section.weights, section.revision)


def _name(section: OpenClip, place: Path) -> str:
    parts = (section.architecture, fingerprint(place), section.precision)
    return f"{section.architecture} {section.weights} {digest('open_clip 1', *parts)[:12]}"


def _file(place: Path) -> Path:
    """The file of weights of a folder without a configuration of its own."""
    if place.is_file():
        return place
    files = [place / name for name in _FILES if (place / name).is_file()]
    if not files:
        raise ConfigError(
            f"encoder_models: {place.name} holds none of {', '.join(_FILES)}; name the file itself"
        )
    return files[0]
