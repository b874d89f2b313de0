"""A network on disk: `model.safetensors` has the weights, `model.json` what they are weights of."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors import torch as safetensors
from torch import Tensor, nn

from unirain_core.artefacts import paths
from unirain_core.artefacts.whole import whole_file, write_text
from unirain_core.config.architectures import Architecture
from unirain_core.config.load import parse_network
from unirain_core.errors import ArtefactError, ConfigError, MissingArtefactError, SchemaError
from unirain_core.model.architecture import build
from unirain_core.model.restorer import Restorer

WEIGHTS = "model.safetensors"
DESCRIPTION = "model.json"
FORMAT = 2
WITHOUT_SEAL = 1
"""Format of version 0.1.0: only the weights have a hash. The description beside them is checked key by key, as ever."""
PRODUCER = "trained_checkpoint"

Extra = Mapping[str, str | float | int]


@dataclass(frozen=True, slots=True)
class Description:
    """The description that stands beside the weights."""

    config: Architecture
    extra: Extra
    """Notes of the writer, such as the step and the figures of its validation."""
    sha256: str
    """Hash of the weights file, which ties the two files together."""
    seal: str
    """Hash of configuration, notes and the weights' hash: of everything that the network does."""


def save(folder: Path, model: nn.Module, config: Architecture, extra: Extra) -> None:
    """Write a checkpoint; equal arguments give equal bytes, and each file appears whole or not at all.

    Args:
        folder: made where it does not exist.
        model: the bare network, unwrapped from compilers and data parallelism.
        config: what the network was built from.
        extra: notes of the writer; finite numbers and strings.

    Raises:
        ValueError: the model's weights differ from `config` in name or shape, or are not finite.
    """
    state = {name: weight.detach().cpu().contiguous() for name, weight in model.state_dict().items()}
    differences = _differences(state, config)
    if differences:
        raise ValueError(f"the model is not of the given configuration: {differences}")
    weights = safetensors.save(state)
    odd = _not_finite(state)
    if odd:
        raise ValueError(f"the weights {odd} hold values that are not finite")
    description = {
        "format": FORMAT,
        "network": asdict(config),
        "extra": dict(extra),
        "sha256": hashlib.sha256(weights).hexdigest(),
    }
    sealed = description | {"seal": _seal(description)}
    text = json.dumps(sealed, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"
    with whole_file(folder / WEIGHTS) as file:
        file.write(weights)
    write_text(folder / DESCRIPTION, text)


def load(folder: Path) -> Restorer:
    """Read a checkpoint into a network on the CPU, ready for inference; it raises what `load_described` raises."""
    return load_described(folder)[0]


def load_described(folder: Path) -> tuple[Restorer, Description]:
    """Read a checkpoint into a network, as `load` does, with the description of these very weights.

    Raises:
        MissingArtefactError: one of the two files is absent.
        SchemaError: the description is not of this program's, or the weights are of another configuration.
        ArtefactError: the weights are damaged or not finite, or not the ones that the description was written for.
    """
    description = describe(folder)
    path = folder / WEIGHTS
    weights = _bytes(path)
    if hashlib.sha256(weights).hexdigest() != description.sha256:
        raise ArtefactError(
            f"{path} is damaged or is not what {DESCRIPTION} beside it describes (SHA-256 differs); {_mend(path)}"
        )
    try:
        state = safetensors.load(weights)
    except SafetensorError as error:
        raise ArtefactError(f"{path} is no safetensors file ({error}); {_mend(path)}") from None
    differences = _differences(state, description.config)
    if differences:
        raise SchemaError(f"{path} holds weights of another configuration: {differences}; {_mend(path)}")
    odd = _not_finite(state)
    if odd:
        raise ArtefactError(f"{path}: the weights {odd} hold values that are not finite; {_mend(path)}")
    net = build(description.config, seed=0)
    net.load_state_dict(state)
    return net.eval(), description


def describe(folder: Path) -> Description:
    """Read what a checkpoint is, without its weights.

    Raises:
        MissingArtefactError: there is no description.
        SchemaError: it is not of this program's.
    """
    path = folder / DESCRIPTION
    try:
        content = json.loads(_bytes(path))
        if content["format"] not in (WITHOUT_SEAL, FORMAT):
            raise SchemaError(f"{path} has format {content['format']!r}, expected {FORMAT}; {_mend(path)}")
        if content["format"] == WITHOUT_SEAL:
            content.setdefault("seal", _seal(content))
        unsealed = {name: value for name, value in content.items() if name != "seal"}
        if content["seal"] != _seal(unsealed):
            raise SchemaError(f"{path} was changed since it was written (its seal differs); {_mend(path)}")
        network = parse_network(content["network"])
        return Description(network, dict(content["extra"]), str(content["sha256"]), str(content["seal"]))
    except KeyError as error:
        raise SchemaError(f"{path} lacks {error}; {_mend(path)}") from None
    except (ValueError, TypeError, RecursionError, ConfigError) as error:
        raise SchemaError(f"{path} describes no network of this program: {error}; {_mend(path)}") from None


def _seal(description: Mapping[str, object]) -> str:
    """Hash of a description without its seal, whatever the layout of its text."""
    text = json.dumps(description, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _not_finite(state: Mapping[str, Tensor]) -> str:
    """Name of the first weights that hold an infinity or no number; empty: there are none."""
    return next((name for name, weight in state.items() if not torch.isfinite(weight).all()), "")


def _differences(state: Mapping[str, Tensor], config: Architecture) -> str:
    """The difference between the weights' names and shapes and a configuration's; empty: there is none."""
    with torch.device("meta"):
        expected = {name: tuple(weight.shape) for name, weight in build(config, seed=0).state_dict().items()}
    shapes = {name: tuple(weight.shape) for name, weight in state.items()}
    wrong = sorted(name for name in expected | shapes if expected.get(name) != shapes.get(name))
    if not wrong:
        return ""
    name = wrong[0]
    return (
        f"{len(wrong)} weights differ, the first is {name} "
        f"(found {shapes.get(name, 'none')}, expected {expected.get(name, 'none')})"
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise MissingArtefactError(str(path), PRODUCER) from None


def _mend(path: Path) -> str:
    """The way to a sound checkpoint: the stage that wrote it, or the person."""
    folder = path.parent.absolute()
    if f"{paths.common(paths.CHECKPOINT)}/{folder.name}" == "/".join(folder.parts[-3:]):
        return f"run `dvc repro --force --single-item {PRODUCER}@{folder.name}`"
    return "get the folder again from whoever made it, or name another checkpoint"
