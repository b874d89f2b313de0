"""This machine's memory, and how fast it multiplies.

Measured in a process of its own: what asks a GPU anything holds some of its memory as long as it lives.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from functools import cache

_SIDE = {"cpu": 1024, "cuda": 8192}
"""Rows and columns of the matrices: so many that the product takes much longer than its start."""
_SECONDS = 0.3
"""Time for which products are repeated: the measurement hardly delays a stage."""
_PATIENCE_S = 120.0
"""Seconds after which the measurement is given up; on a slow disk the start of torch alone takes many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The memory and the speed of this machine."""

    memory_bytes: int
    gpus: tuple[str, ...]
    """Names of the GPUs."""
    gpu_bytes: int
    """Memory of the smallest of them; 0: there is none."""
    flops_per_s: float
    """Of a large matrix product: in bfloat16 on one GPU, else in float32 on all cores."""

    @property
    def n_devices(self) -> int:
        """Devices that compute side by side."""
        return max(1, len(self.gpus))


@cache
def measured() -> Machine | None:
    """This machine, measured once in a process.

    Returns:
        None where the measurement fails. The caller then says nothing of hours, and goes on.
    """
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    command = [sys.executable, "-m", __name__]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, timeout=_PATIENCE_S
        )
        content = json.loads(done.stdout.splitlines()[-1])
        return Machine(**content | {"gpus": tuple(content["gpus"])})
    except (OSError, subprocess.SubprocessError, ValueError, IndexError, TypeError):
        return None


def _measure() -> Machine:
    import torch

    n_gpus = torch.cuda.device_count()
    properties = [torch.cuda.get_device_properties(number) for number in range(n_gpus)]
    device, kind = ("cuda", torch.bfloat16) if n_gpus else ("cpu", torch.float32)
    side = _SIDE[device]
    left, right = (torch.ones((side, side), device=device, dtype=kind) for _ in range(2))

    def multiply() -> None:
        (left @ right)[0, 0].item()  # asks for a value, and so waits for the device

    multiply()  # loads the libraries
    n_products, start = 0, time.perf_counter()
    while time.perf_counter() - start < _SECONDS:
        multiply()
        n_products += 1
    return Machine(
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        gpus=tuple(one.name for one in properties),
        gpu_bytes=min((one.total_memory for one in properties), default=0),
        flops_per_s=2 * side**3 * n_products / (time.perf_counter() - start),
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(_measure())) + "\n")
