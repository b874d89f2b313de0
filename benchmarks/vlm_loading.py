"""Pictures and pixels for `benchmarks/vlm.py`, and the processes that make them ahead of the device.

The processes start once for everything, from a server that has the libraries loaded and holds no CUDA. What they make lies in one
piece of shared memory, which bounds how far they are ahead: nothing is pickled, and no item needs a file descriptor of its own.
"""

import io
import multiprocessing
import queue
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import numpy as np
import torch
import transformers
from PIL import Image
from torch import Tensor

from unirain_core.distill.pixels import Pixels, processed, processed_values

PICTURE = (720, 1280)
"""Height and width of BDD100K, from which several of the paper's sets come."""
N_PICTURES = 12
RING = 1 << 29
"""Bytes of shared memory: 190 decoded pictures, or 140 questions of six tiles."""
BATCHES_AHEAD = 3
"""As the pipeline's engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What is made of an item's pictures."""

    processor: str
    """Class of transformers."""
    side: int
    tiles: tuple[int, ...]
    """Of each picture."""
    is_prepared: bool
    """Whether they become pixels; else they are only decoded."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array of one item: tiles, or pictures."""
        if self.is_prepared:
            return (sum(self.tiles), 3, self.side, self.side)
        return (len(self.tiles), *PICTURE, 3)

    @property
    def n_bytes(self) -> int:
        """Of one item."""
        return int(np.prod(self.shape))


def made(form: Form, files: Sequence[bytes], number: int) -> Pixels:
    """The pictures of one item, decoded, or as pixels."""
    first = number * len(form.tiles)
    names = [place % len(files) for place in range(first, first + len(form.tiles))]
    pictures = [np.asarray(Image.open(io.BytesIO(files[name])).convert("RGB")) for name in names]
    return pixels_of(form, pictures) if form.is_prepared else np.stack(pictures)


def pixels_of(form: Form, pictures: Sequence[Pixels]) -> Pixels:
    """(T, 3, S, S) tiles of an item's pictures, not yet floats."""
    tiles: list[Pixels] = []
    for picture, count in zip(pictures, form.tiles, strict=True):
        cut = {"crop_to_patches": True, "min_patches": 1, "max_patches": 4} if count > 1 else {}
        tiles.append(processed(processor(form.processor, form.side), picture, **cut))
        if len(tiles[-1]) != count:
            raise ValueError(f"{form.processor} made {len(tiles[-1])} tiles, not {count}")
    return np.concatenate(tiles)


def values(form: Form) -> Tensor:
    """(3, 256) the value that a model is given of each level."""
    untouched = {"do_center_crop": False} if form.processor == "CLIPImageProcessor" else {}
    return processed_values(processor(form.processor, form.side), **untouched)


@cache
def processor(name: str, side: int) -> Any:  # noqa: ANN401 (a class of transformers)
    """The image processor on Pillow; older releases have no other."""
    kind = getattr(transformers, f"{name}Pil", None) or getattr(transformers, name)
    size = {"shortest_edge": side} if name == "CLIPImageProcessor" else {"height": side, "width": side}
    crop = {"crop_size": {"height": side, "width": side}} if name == "CLIPImageProcessor" else {}
    return kind(size=size, **crop)


def files() -> list[bytes]:
    """Pictures with detail at several scales, as a camera would store them."""
    return [_jpeg(number) for number in range(N_PICTURES)]


@cache
def _jpeg(seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    height, width = PICTURE
    whole = np.zeros((height, width, 3), dtype=np.float32)
    for scale in (80, 20, 5):
        small = rng.integers(0, 256, (height // scale, width // scale, 3), dtype=np.uint8)
        whole += np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)) / 3
    file = io.BytesIO()
    Image.fromarray(whole.astype(np.uint8)).save(file, "JPEG", quality=92)
    return file.getvalue()


class LateError(Exception):
    """The time for a rate is over, or nobody works for it any more."""


class Alone:
    """Makes the items in this process."""

    def __init__(self, form: Form, batch: int) -> None:
        """Begin with the first item."""
        self._form, self._batch, self._number = form, batch, 0

    def batch(self, deadline: float) -> Pixels:
        """As `Following.batch`."""
        items: list[Pixels] = []
        for _ in range(self._batch):
            if time.monotonic() > deadline:
                raise LateError("this process makes the items too slowly")
            items.append(made(self._form, files(), self._number))
            self._number += 1
        return np.stack(items)


class Loaders:
    """The loading processes."""

    def __init__(self, n_processes: int) -> None:
        """Start them; to be called before CUDA begins."""
        context = multiprocessing.get_context("forkserver")
        # each process imports its parent's main module anew, which is quick where all that it needs is there
        context.set_forkserver_preload([__name__, "benchmarks.vlm_models"])
        self._ring = context.RawArray("B", RING)
        self._turn = context.Value("L", 0, lock=False)
        self._tasks, self._done = context.Queue(), context.Queue()
        arguments = (self._ring, self._turn, files(), self._tasks, self._done)
        self.processes = [
            context.Process(target=_load_for_ever, args=arguments, daemon=True) for _ in range(n_processes)
        ]
        for process in self.processes:
            process.start()

    def __enter__(self) -> Self:
        """They run."""
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.kill()
        for one in (self._tasks, self._done):
            one.cancel_join_thread()

    def following(self, form: Form, batch: int) -> "Following":
        """Items of one form, one after the other; nobody begins those of an earlier form any more.

        One that is still being made may be written over the first ones of this form. Their values matter to no rate.
        """
        self._turn.value += 1
        return Following(self, form, batch)

    def put(self, form: Form, slot: int, number: int) -> None:
        """Let a process make an item."""
        self._tasks.put((self._turn.value, form, slot, number))

    def next_slot(self, deadline: float) -> int:
        """The place of an item that is made.

        Raises:
            LateError: the deadline is over, or a process failed or died.
        """
        while True:
            try:
                turn, slot, error = self._done.get(timeout=max(0.0, min(1.0, deadline - time.monotonic())))
            except queue.Empty:
                dead = sum(not process.is_alive() for process in self.processes)
                if dead:
                    raise LateError(f"{dead} of {len(self.processes)} loading processes died") from None
                if time.monotonic() >= deadline:
                    raise LateError("the loading processes are too slow") from None
                continue
            if turn != self._turn.value:
                continue
            if error:
                raise LateError(f"a loading process failed: {error}")
            return int(slot)

    def item(self, form: Form, slot: int) -> Pixels:
        """The item in a place of the shared memory; it stays there until another one is put there."""
        return _place(self._ring, form, slot)


class Following:
    """As `Alone`, of items that other processes make, in whatever order they become ready."""

    def __init__(self, loaders: Loaders, form: Form, batch: int) -> None:
        """Let the first ones be made."""
        self._loaders, self._form, self._number = loaders, form, 0
        self._together = np.empty((batch, *form.shape), dtype=np.uint8)
        for slot in range(min((1 + BATCHES_AHEAD) * batch, RING // form.n_bytes)):
            self._put(slot)

    def batch(self, deadline: float) -> Pixels:
        """(B, ...) the next items; where one is taken, another one is begun.

        Raises:
            LateError: they did not come in time.
        """
        for place in self._together:
            slot = self._loaders.next_slot(deadline)
            place[:] = self._loaders.item(self._form, slot)
            self._put(slot)
        return self._together

    def _put(self, slot: int) -> None:
        self._loaders.put(self._form, slot, self._number)
        self._number += 1


def _load_for_ever(ring: Any, current: Any, files: Sequence[bytes], tasks: Any, done: Any) -> None:  # noqa: ANN401 (untyped)
    """The work of a loading process: one thread, one item after the other."""
    torch.set_num_threads(1)
    parent = multiprocessing.parent_process()
    while parent is not None and parent.is_alive():
        try:
            turn, form, slot, number = tasks.get(timeout=5.0)
        except queue.Empty:
            continue
        if turn != current.value:
            continue  # the rate that needed it is measured
        try:
            _place(ring, form, slot)[:] = made(form, files, number)
        except Exception as error:  # noqa: BLE001 (the main process shows it)
            done.put((turn, slot, f"{type(error).__name__}: {error}"))
        else:
            done.put((turn, slot, ""))


def _place(ring: Any, form: Form, slot: int) -> Pixels:  # noqa: ANN401 (untyped)
    whole = np.frombuffer(ring, dtype=np.uint8, count=form.n_bytes, offset=slot * form.n_bytes)
    return whole.reshape(form.shape)
