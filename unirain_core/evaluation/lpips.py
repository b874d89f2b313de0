"""LPIPS, the learned perceptual distance of two pictures (AlexNet, v0.1), where its weights are at hand."""

import hashlib
import importlib.util
import io
import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from unirain_core.compat import ensure_torchvision
from unirain_core.engine.store import digest
from unirain_core.errors import ChangedInputError, WeightsUnavailableError
from unirain_core.imaging.codec import RgbImage, to_float

TRUNK = "alexnet-owt-7be5be79.pth"
"""torchvision's file of AlexNet's weights; its SHA-256 begins with the digits in its name."""

LINEAR = "weights/v0.1/alex.pth"
"""The linear layers on the trunk, below the folder of the package `lpips`."""

MIN_SIDE = 31
"""Of a picture, pixels: of a smaller one the trunk's second pooling leaves nothing."""

logger = logging.getLogger(__name__)


class Network(Protocol):
    """The package's network, as far as it is used."""

    def __call__(self, first: Tensor, second: Tensor, *, normalize: bool) -> Tensor:
        """Distances (N, 1, 1, 1) of pictures (N, 3, H, W); `normalize`: their values lie in [0, 1]."""
        ...


@dataclass(frozen=True, slots=True)
class Lpips:
    """The distance with one set of weights; a picklable value, so that workers can be handed it."""

    trunk: Path
    """AlexNet's weights."""
    weights_hash: str
    """Of the trunk and of the linear layers on it: everything that determines a distance."""

    def distance(self, restored: RgbImage, clean: RgbImage) -> float | None:
        """Distance of two pictures, at least 0; smaller is nearer.

        Args:
            restored: (H, W, 3) uint8.
            clean: the same shape.

        Returns:
            None: a side is below MIN_SIDE.
        """
        if min(clean.shape[:2]) < MIN_SIDE:
            return None
        device = "cuda" if torch.cuda.is_available() else "cpu"
        network = _loaded(self.trunk, self.weights_hash, device)
        with torch.inference_mode():
            pair = (
                torch.from_numpy(to_float(i)).permute(2, 0, 1)[None].to(device) for i in (restored, clean)
            )
            return float(network(*pair, normalize=True))


def is_published(sha256: str) -> bool:
    """Whether a file of this hash is the trunk that torchvision publishes."""
    return sha256.startswith(TRUNK.rpartition("-")[2].removesuffix(".pth"))


def at_hand(*, is_genuine: Callable[[str], bool] = is_published) -> Lpips | None:
    """The distance, if a person supplied its trunk to torch hub's folder of checkpoints; nothing is downloaded.

    Args:
        is_genuine: whether the trunk's SHA-256 (hex) is the right one; torchvision does not look at a file
            that is there already.

    Returns:
        None: the trunk or the package `lpips` is not there; the log says which.

    Raises:
        WeightsUnavailableError: the file is not the trunk.
    """
    trunk = Path(torch.hub.get_dir()) / "checkpoints" / TRUNK
    package = importlib.util.find_spec("lpips")
    if not trunk.is_file():
        logger.info("lpips: n/a: weights not found: no file %s", trunk)
        return None
    if package is None or package.origin is None:
        logger.info("lpips: n/a: %s is there, the package is not: pip install 'unirain[lpips]'", trunk)
        return None
    sha256 = _sha256(trunk)
    if not is_genuine(sha256):
        raise WeightsUnavailableError(
            f"{trunk} is not AlexNet's weights: its SHA-256 begins with {sha256[:8]}, not with the digits in its "
            "name; supply the file that torchvision publishes, or remove it to go on without LPIPS"
        )
    linear = Path(package.origin).parent / LINEAR
    return Lpips(trunk, digest(sha256, _sha256(linear)))


@lru_cache(maxsize=1)
def _loaded(trunk: Path, weights_hash: str, device: str) -> Network:
    ensure_torchvision()
    import lpips

    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore", UserWarning)  # the package names torchvision's weights the old way
        network = lpips.LPIPS(net="alex", version="0.1", pnet_rand=True, verbose=False)  # no download
    content, linear = trunk.read_bytes(), Path(lpips.__file__).parent / LINEAR
    if digest(hashlib.sha256(content).hexdigest(), _sha256(linear)) != weights_hash:
        raise ChangedInputError(
            f"{trunk} or {linear} has changed since it was hashed; run the same command again"
        )
    weights: Mapping[str, Tensor] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    layers = (name.partition(".") for name in network.net.state_dict())  # slice1.0.weight: features.0.weight
    network.net.load_state_dict({f"{s}.{layer}": weights[f"features.{layer}"] for s, _, layer in layers})
    ready: Network = network.to(device)
    return ready


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
