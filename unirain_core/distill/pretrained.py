"""Load models of `transformers` from a local folder onto this machine's device; an incomplete model is refused."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import safe_open
from torch import Tensor, nn

from unirain_core.config.models import JudgePrecision
from unirain_core.errors import ConfigError

_WHOLE = [r"(?:.*\.)?(?:vision_tower|multi_modal_projector|mm_projector|vision_model|visual|lm_head)"]
"""A pattern of names of layers that keep 16 bits under int8 and nf4: the layers that read the pictures, by their names in the models
that we know, and the layer that scores the answer's first word."""


class Loadable(Protocol):
    """A class of `transformers` that reads a folder."""

    def from_pretrained(self, folder: str | None, **settings: Any) -> Any:  # noqa: ANN401 (the library's own)
        """The model, and a mapping that lists missing and unexpected weights."""
        ...


@dataclass(frozen=True, slots=True)
class Renamed:
    """A published checkpoint as `transformers` would have written it."""

    config: object
    """Of the class that is loaded."""
    weights: dict[str, Tensor]


def device() -> torch.device:
    """Where models of this process run. A worker sees one GPU at most."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def dtype_of(precision: JudgePrecision) -> torch.dtype:
    """The arithmetic of a precision; weights of 8 and 4 bits are computed with in bfloat16."""
    return torch.float32 if precision == "float32" else torch.bfloat16


def loaded(
    kind: Loadable, folder: Path, precision: JudgePrecision, renamed: Renamed | None = None
) -> nn.Module:
    """A model in evaluation mode whose weights all came from the folder, and all of whose files' weights were used.

    Args:
        kind: class of the model, or one of the library's Auto classes.
        folder: with config.json and weights.
        precision: as in params.
        renamed: where the folder's own configuration and names are not those of `transformers`.

    Raises:
        ConfigError: a weight is missing, left over or of another shape; a model with a random part would still answer.
    """
    quantised = _quantisation(precision)
    settings: dict[str, object] = {}
    if quantised is not None:
        settings["quantization_config"] = quantised
    if renamed is not None:
        settings |= {"config": renamed.config, "state_dict": renamed.weights}
    model, info = kind.from_pretrained(
        None if renamed else str(folder),
        dtype=dtype_of(precision),
        local_files_only=True,
        trust_remote_code=False,
        output_loading_info=True,
        **settings,
    )
    demand_complete(info, folder)
    if quantised is None:
        model = model.to(device())
    module: nn.Module = model.eval()
    return module


def demand_complete(info: Mapping[str, Any], folder: Path) -> None:
    """Refuse what `transformers` loaded only in part.

    Raises:
        ConfigError: as `loaded`.
    """
    for key, words in (
        ("missing_keys", "lacks"),
        ("unexpected_keys", "holds, and the model does not know,"),
        ("mismatched_keys", "holds in another shape"),
        ("error_msgs", "cannot be read:"),
    ):
        names = sorted(map(str, info.get(key) or ()))
        if names:
            shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            raise ConfigError(
                f"{folder.name} {words} {shown}; check that weights and revision in params.yaml are of this kind of model"
            )


def _quantisation(precision: JudgePrecision) -> object | None:
    """The library's setting for weights of 8 and 4 bits; None for the others.

    Raises:
        ConfigError: this machine cannot, or a package is missing.
    """
    if precision not in ("int8", "nf4"):
        return None
    if device().type != "cuda":
        raise ConfigError(f"precision: {precision} needs a CUDA device; bfloat16 or float32 runs here")
    missing = [name for name in ("accelerate", "bitsandbytes") if find_spec(name) is None]
    if missing:
        raise ConfigError(f"precision: {precision} needs `pip install {' '.join(missing)}`")
    from transformers import BitsAndBytesConfig

    if precision == "int8":
        int8: object = BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=_WHOLE)
        return int8
    nf4: object = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=torch.bfloat16,
        llm_int8_skip_modules=_WHOLE,
    )
    return nf4


def tensors(folder: Path) -> Iterator[tuple[str, Tensor]]:
    """All weights of a folder, one after the other: of its safetensors files, else of the older form.

    The older form is a pickle; of it only tensors are read, so that nothing in it can run.

    Raises:
        ConfigError: there are none.
    """
    files = sorted(folder.glob("*.safetensors"))
    for file in files:
        with safe_open(file, framework="pt") as content:
            for name in content.keys():  # noqa: SIM118 (no mapping)
                yield name, content.get_tensor(name)
    pickles = [] if files else sorted(folder.glob("pytorch_model*.bin"))
    for file in pickles:
        yield from torch.load(file, map_location="cpu", weights_only=True, mmap=True).items()
    if not files and not pickles:
        raise ConfigError(f"{folder.name} holds no weights (*.safetensors or pytorch_model*.bin); fetch them")
