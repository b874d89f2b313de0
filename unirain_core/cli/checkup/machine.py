"""What this machine has: processor cores, memory, GPUs, and room on the disks of the project, the work store and DVC's cache."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from unirain_core.artefacts.dvc_cache import objects_folder
from unirain_core.cli.checkup.finding import Finding, State
from unirain_core.engine import machine
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ConfigError

LEAST_FREE = 10**9
"""Bytes; the demonstration writes 0.3 GB, and its checkpoints and shards are written whole before they replace others."""

NVIDIA = Path("/proc/driver/nvidia/version")
"""Where the driver of NVIDIA's GPUs tells its version."""


def devices() -> Iterator[Finding]:
    """The cores that this process may use, the memory, and the GPUs that torch sees."""
    own = machine.measured()
    yield Finding(State.FINE, f"{len(os.sched_getaffinity(0))} processor cores for this process")
    if own is None:
        words = "memory and GPUs are unknown, since torch does not load; run `python -c 'import torch'` to see why"
        yield Finding(State.BROKEN, words)
        return
    yield Finding(State.FINE, f"{_gigabytes(own.memory_bytes)} of memory")
    if not own.gpus:
        yield Finding(State.FINE, "no GPU that torch can use: all work is done by the processor")
    if not own.gpus and NVIDIA.exists():
        words = "there is a driver for NVIDIA's GPUs, but this torch does not use it; install torch as pytorch.org shows"
        yield Finding(State.NOTE, words)
    for number, name in enumerate(own.gpus):
        yield Finding(State.FINE, f"GPU {number}: {name}")
    if own.gpus:
        yield Finding(State.FINE, f"{_gigabytes(own.gpu_bytes)} of memory on the smallest GPU")


def disks(root: Path) -> Iterator[Finding]:
    """Room where the project writes, one line for each disk."""
    places = {"the project": root, "the work store": WorkStore.at(root, "doctor").home}
    try:
        places["DVC's cache"] = objects_folder(root)
    except ModuleNotFoundError:  # told with the extra that brings DVC
        pass
    except ConfigError as error:
        yield Finding(State.BROKEN, str(error))
    names: dict[int, list[str]] = {}
    folders: dict[int, Path] = {}
    for name, place in places.items():
        folder = _existing(place)
        disk = folder.stat().st_dev
        names.setdefault(disk, []).append(name)
        folders.setdefault(disk, folder)
    for disk, folder in folders.items():
        yield _room(", ".join(names[disk]), folder)


def _room(what: str, folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    words = f"{_gigabytes(free)} free on the disk of {what} ({folder})"
    if free >= LEAST_FREE:
        return Finding(State.FINE, words)
    advice = "`unirain gc` removes finished work that nothing refers to"
    return Finding(State.BROKEN, f"only {words}: make room ({advice})")


def _existing(place: Path) -> Path:
    """The folder itself, or the nearest one above that exists."""
    return next(folder for folder in (place, *place.parents) if folder.is_dir())


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
