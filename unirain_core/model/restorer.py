"""The contract of every network, whatever its architecture."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Restorer(nn.Module, ABC):
    """A network that restores pictures; `architecture.build` makes it from its section of params."""

    @property
    @abstractmethod
    def multiple(self) -> int:
        """Height and width are padded to multiples of this."""

    @abstractmethod
    def forward(self, image: Tensor) -> Tensor:
        """Restore a batch; each picture's result depends on that picture alone.

        Args:
            image: (B, 3, H, W) rainy pictures in [0, 1], of any size.

        Returns:
            (B, 3, H, W) restored pictures, not clipped.
        """
