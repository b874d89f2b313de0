"""torchvision beside a torch whose operators its wheel was not built for."""

import importlib
import sys
from types import ModuleType

import torch

_kept: list[torch.library.Library] = []  # an operator lives as long as the library that defines it


def ensure_torchvision() -> ModuleType | None:
    """Import torchvision, also where its wheel was built for CUDA and torch was not.

    There `import torchvision` stops at an operator that does not exist, and whatever imports torchvision fails
    with it. With the two operators defined, models and transforms work; only `torchvision.ops` do not.

    Returns:
        The module; None where it is not installed.
    """
    try:
        return importlib.import_module("torchvision")
    except ModuleNotFoundError:
        return None
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    for name in [n for n in sys.modules if n.partition(".")[0] == "torchvision"]:
        del sys.modules[name]  # half imported
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]  # torch does not type it
    for operator in ("nms", "qnms"):
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[no-untyped-call]
    _kept.append(library)
    return importlib.import_module("torchvision")
