"""Methods that restore a rainy picture: the input itself, or a checkpoint of ours."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol, Self, assert_never

import torch

from unirain_core.config.sections import Method as MethodParams
from unirain_core.engine.store import digest
from unirain_core.errors import ChangedInputError
from unirain_core.imaging.codec import RgbImage
from unirain_core.inference.photo import derain
from unirain_core.model import checkpoint
from unirain_core.model.restorer import Restorer


class Method(Protocol):
    """Something that is scored; a picklable value, so that workers can be handed it."""

    @property
    def key(self) -> str:
        """Everything that determines what the method does to a picture."""
        ...

    def restore(self, rainy: RgbImage) -> RgbImage:
        """The picture without its rain: (H, W, 3) uint8 to the same shape."""
        ...


@dataclass(frozen=True, slots=True)
class RainyInput:
    """The rainy picture as it is: what every method must beat."""

    key: str = "input"

    def restore(self, rainy: RgbImage) -> RgbImage:
        """The picture itself."""
        return rainy


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A trained network."""

    folder: Path
    key: str
    """Hash of weights and configuration."""

    @classmethod
    def of(cls, folder: Path) -> Self:
        """The checkpoint in a folder.

        Raises:
            MissingArtefactError: there is none.
        """
        return cls(folder, digest(checkpoint.describe(folder).seal))

    def restore(self, rainy: RgbImage) -> RgbImage:
        """The picture as the network restores it, on the GPU where there is one.

        Raises:
            ChangedInputError: another checkpoint stands in the folder than when its hash was taken.
        """
        return derain(_loaded(self.folder, self.key), rainy)


def make_method(params: MethodParams) -> Method:
    """The method that a section of params describes."""
    match params.kind:
        case "input":
            return RainyInput()
        case _:
            assert_never(params.kind)


@lru_cache(maxsize=1)
def _loaded(folder: Path, key: str) -> Restorer:
    net, description = checkpoint.load_described(folder)
    if digest(description.seal) != key:
        raise ChangedInputError(
            f"{folder} holds another checkpoint than a moment ago; run the same command again"
        )
    return net.to("cuda" if torch.cuda.is_available() else "cpu")
