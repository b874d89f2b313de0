"""Captions, vectors and votes per second at full size, with random weights: what two million pairs cost.

    python -m benchmarks.vlm                    on one GPU, about ten minutes; without a GPU tiny models of the same kinds
    python -m benchmarks.vlm --minutes 4 --pairs 2000000 --third 0.3

It needs torch, numpy, transformers, safetensors and Pillow alone, so it runs from a checkout on a bare GPU machine. Random
weights cost as much as trained ones, but for captions: a random model never ends a sentence, so each has the longest length.

Three rates are printed of each model. `alone`: its inputs lie on the device already. `decoded ahead`: other processes decode
the pictures and this one makes pixels of them, as the pipeline's engine does. `prepared ahead`: other processes do both.
Operations are those that torch's own counter sees (`torch.utils.flop_counter`); the share of the peak is theirs.
"""

import argparse
import io
import os
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
import transformers
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.vlm_shapes import Shape, shapes

PEAKS = {"H100": 989e12, "H200": 989e12, "A100": 312e12}
"""Dense bfloat16 operations a second, from NVIDIA's data sheets of the SXM cards; another card: no share is printed."""
AIMS = {"vectors": 0.55, "votes": 0.40}
PICTURE = (720, 1280)
"""Height and width of BDD100K, from which several of the paper's sets come."""
N_PICTURES = 12


@dataclass(frozen=True, slots=True)
class Rates:
    """Items a second of one model."""

    name: str
    parameters: int
    operations: float
    """Of one item."""
    alone: float
    decoded_ahead: float
    prepared_ahead: float


class Items(Dataset[Any]):
    """Items as JPEG bytes; a loading process decodes them, and makes pixels of them if it is asked to."""

    def __init__(self, shape: Shape, *, is_prepared: bool) -> None:
        self.processor, self.side, self.tiles = shape.processor, shape.side, shape.tiles
        self.is_prepared = is_prepared
        self.files = [_jpeg(number) for number in range(N_PICTURES)]

    def __len__(self) -> int:
        """Without end, as far as this program is concerned."""
        return 1 << 30

    def __getitem__(self, number: int) -> Any:  # noqa: ANN401 (pictures or pixels)
        """The pictures of one item, or their pixels."""
        count = len(self.tiles)
        names = [(number * count + place) % N_PICTURES for place in range(count)]
        pictures = [np.asarray(Image.open(io.BytesIO(self.files[name])).convert("RGB")) for name in names]
        return pixels_of(self, pictures) if self.is_prepared else pictures


def pixels_of(items: Items, pictures: list[Any]) -> Tensor:
    """(N, 3, S, S) tiles of an item's pictures."""
    tiles = []
    for picture, count in zip(pictures, items.tiles, strict=True):
        cut = {"crop_to_patches": True, "min_patches": 1, "max_patches": 4} if count > 1 else {}
        made = _processor(items.processor, items.side)(Image.fromarray(picture), return_tensors="np", **cut)
        tiles.append(torch.from_numpy(np.asarray(made["pixel_values"])))
        if len(tiles[-1]) != count:
            raise SystemExit(f"{items.processor} made {len(tiles[-1])} tiles of a picture, not {count}")
    return torch.cat(tiles)


def measured(shape: Shape, device: torch.device, seconds: float, n_loaders: int) -> Rates:
    """All rates of one model, within about so many seconds."""
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    model = random_model(shape, device, dtype)
    batch, operations = _largest_batch(shape, model, device, dtype)
    tokens = _tokens(shape, batch, device)
    pixels = torch.randn(batch * sum(shape.tiles), 3, shape.side, shape.side, device=device, dtype=dtype)

    def compute(given: Tensor) -> None:
        shape.run(model, tokens, given.to(device, dtype))

    alone = batch * _per_second(lambda: compute(pixels), device, seconds / 4)
    rates = []
    for is_prepared in (False, True):
        items = Items(shape, is_prepared=is_prepared)
        with _Loader(items, batch, n_loaders) as following:

            def one(following: Callable[[], Tensor] = following) -> None:
                compute(following())

            rates.append(batch * _per_second(one, device, seconds / 4))
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    return Rates(shape.name, n_parameters, operations, alone, *rates)


def random_model(shape: Shape, device: torch.device, dtype: torch.dtype) -> nn.Module:
    """The model with small random weights, made on the device itself."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            model = shape.make().to(dtype).eval()
    finally:
        torch.set_default_dtype(before)
    generator = torch.Generator(device).manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.02, generator=generator)
    return model


def _largest_batch(
    shape: Shape, model: nn.Module, device: torch.device, dtype: torch.dtype
) -> tuple[int, float]:
    """The shape's batch, halved until it fits, and the operations of one item of it."""
    batch = shape.batch
    while True:
        pixels = torch.randn(batch * sum(shape.tiles), 3, shape.side, shape.side, device=device, dtype=dtype)
        try:
            with torch.inference_mode(), FlopCounterMode(display=False) as counter:
                shape.run(model, _tokens(shape, batch, device), pixels)
        except torch.OutOfMemoryError:
            if batch == 1:
                raise
            batch //= 2
            torch.cuda.empty_cache()
            continue
        return batch, counter.get_total_flops() / batch


def _tokens(shape: Shape, batch: int, device: torch.device) -> Tensor:
    """(B, L) words, and the number 1 where a picture's places are."""
    tokens = torch.full((batch, shape.length), 2, device=device)
    tokens[:, : shape.length - _WORDS_AFTER][:, -sum(shape.tiles) * shape.tile_tokens or shape.length :] = 1
    return tokens


_WORDS_AFTER = 20
"""Tokens of the question, which stands behind the pictures."""


def _per_second(step: Callable[[], None], device: torch.device, seconds: float) -> float:
    """Steps a second, after two that are not timed."""
    with torch.inference_mode():
        for _ in range(2):
            step()
        _wait(device)
        begin, count = time.perf_counter(), 0
        while time.perf_counter() - begin < seconds or count == 0:
            step()
            _wait(device)
            count += 1
        return count / (time.perf_counter() - begin)


class _Loader:
    """Pixels of one batch after the other, from processes that work ahead; 0: this one does it all."""

    def __init__(self, items: Items, batch: int, n_processes: int) -> None:
        self._items = items
        ahead = {"multiprocessing_context": "spawn", "prefetch_factor": 3} if n_processes else {}
        self._loader = DataLoader(items, batch_size=batch, num_workers=n_processes, collate_fn=list, **ahead)  # type: ignore[arg-type]

    def __enter__(self) -> Callable[[], Tensor]:
        self._batches: Iterator[list[Any]] = iter(self._loader)
        return self._next

    def __exit__(self, *_: object) -> None:
        del self._batches

    def _next(self) -> Tensor:
        batch = next(self._batches)
        return torch.cat(batch if self._items.is_prepared else [pixels_of(self._items, one) for one in batch])


def _processor(name: str, side: int) -> Any:  # noqa: ANN401 (a class of transformers)
    """The image processor on Pillow; older releases have no other."""
    kind = getattr(transformers, f"{name}Pil", None) or getattr(transformers, name)
    size = {"shortest_edge": side} if name == "CLIPImageProcessor" else {"height": side, "width": side}
    crop = {"crop_size": {"height": side, "width": side}} if name == "CLIPImageProcessor" else {}
    return kind(size=size, **crop)


@cache
def _jpeg(seed: int) -> bytes:
    """A picture with detail at several scales, as a camera would store it."""
    rng = np.random.default_rng(seed)
    height, width = PICTURE
    whole = np.zeros((height, width, 3), dtype=np.float32)
    for scale in (80, 20, 5):
        small = rng.integers(0, 256, (height // scale, width // scale, 3), dtype=np.uint8)
        whole += np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)) / 3
    file = io.BytesIO()
    Image.fromarray(whole.astype(np.uint8)).save(file, "JPEG", quality=92)
    return file.getvalue()


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def peak_of(device: torch.device) -> float | None:
    """Operations a second of this card at most; None for one that is not known."""
    if device.type != "cuda":
        return None
    card = torch.cuda.get_device_name()
    return next((peak for name, peak in PEAKS.items() if name in card), None)


def show(rates: Rates, peak: float | None) -> None:
    """Print one model's line."""
    share = aim = ""
    if peak is not None:
        share = f"{rates.alone * rates.operations / peak:.0%} and {rates.decoded_ahead * rates.operations / peak:.0%}"
        wanted = AIMS.get(rates.name.split()[0])
        aim = f" (aim {wanted:.0%} with decoding)" if wanted else ""
    print(
        f"{rates.name:34s} {rates.parameters / 1e9:6.3f} G  {rates.operations / 1e12:9.4f} T  {rates.alone:9.2f} "
        f"{rates.decoded_ahead:9.2f} {rates.prepared_ahead:9.2f}  {share}{aim}",
        flush=True,
    )


def hours(rates: list[Rates], n_pairs: int, third: float, n_gpus: int) -> tuple[float, float]:
    """Hours for all pairs, asking every judge, and asking the last one only where the first two differ.

    Captions and vectors are made once of each rainy picture. Rows do not depend on each other, so many GPUs share them evenly.

    >>> one = Rates("votes", 1, 1.0, 2.0, 1.0, 2.0)
    >>> hours([one, one, one], 3600, 0.5, 1)
    (3.0, 2.5)
    """
    seconds = [n_pairs / one.decoded_ahead / n_gpus for one in rates]
    return sum(seconds) / 3600, (sum(seconds[:-1]) + third * seconds[-1]) / 3600


def main() -> None:
    """Measure every model and print what all pairs would take."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="for everything, about")
    parser.add_argument("--pairs", type=int, default=2_000_000)
    parser.add_argument(
        "--third", type=float, default=0.3, help="share of pairs on which the first two judges differ"
    )
    parser.add_argument("--loaders", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    arguments = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    is_tiny = device.type != "cuda"
    name = (
        torch.cuda.get_device_name()
        if not is_tiny
        else "CPU, TINY models: the rates say nothing of the real ones"
    )
    print(
        f"{name}; torch {torch.__version__}, transformers {transformers.__version__}, {arguments.loaders} loaders"
    )
    print(
        f"{'':34s} parameters  operations   items a second: alone, decoded ahead, prepared ahead; share of peak"
    )
    peak = peak_of(device)
    every = shapes(tiny=is_tiny)
    rates = []
    for shape in every:
        with torch.no_grad() if is_tiny else nullcontext():
            rates.append(measured(shape, device, 60 * arguments.minutes / len(every), arguments.loaders))
        show(rates[-1], peak)
        if not is_tiny:
            torch.cuda.empty_cache()
    # the dearest judge last: it is the one that the early stop saves
    votes = sorted((one for one in rates if one.name.startswith("votes")), key=lambda one: -one.decoded_ahead)
    others = [one for one in rates if not one.name.startswith("votes")]
    for n_gpus in (1, 8, 64):
        everyone, early = hours([*others, *votes], arguments.pairs, arguments.third, n_gpus)
        print(
            f"{arguments.pairs:,} pairs on {n_gpus} GPUs: {everyone:,.2f} hours; with early stop, the dearest judge asked about "
            f"{arguments.third:.0%} of them: {early:,.2f}"
        )


if __name__ == "__main__":
    main()
