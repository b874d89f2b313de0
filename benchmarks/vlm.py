"""Captions, vectors and votes per second at full size, with random weights: what two million pairs cost.

    python -m benchmarks.vlm                    on one GPU; without a GPU tiny models of the same kinds
    python -m benchmarks.vlm --minutes 4 --pairs 2000000 --third 0.3

It needs torch, numpy, transformers, safetensors and Pillow alone, so it runs from a checkout on a bare GPU machine. Random
weights cost as much as trained ones, but for captions: a random model never ends a sentence, so each has the longest length.

Three rates are printed of each model. `alone`: its inputs lie on the device already. `prepared ahead`: other processes decode the
pictures and make pixels of them, as the pipeline's loaders do. `decoded ahead`: this process makes the pixels. A rate that is not
measured in its share of the minutes is n/a. Building the models comes on top of the minutes. Operations are those that torch's own
counter sees (`torch.utils.flop_counter`); the share of the peak is theirs. Each step is told on stderr.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import torch
import transformers
from torch import Tensor

from benchmarks.vlm_loading import Alone, Following, Form, LateError, Loaders, files, made, pixels_of, values
from benchmarks.vlm_models import largest_batch, random_model, tokens_of
from benchmarks.vlm_shapes import Shape, shapes
from unirain_core.distill.pixels import Pixels, looked_up

PEAKS = {"H100": 989e12, "H200": 989e12, "A100": 312e12}
"""Dense bfloat16 operations a second, from NVIDIA's data sheets of the SXM cards; another card: no share is printed."""
AIMS = {"vectors": 0.55, "votes": 0.40}
Inputs = Callable[[float], Tensor]
"""Gives the pixels of the next batch, until a deadline."""
_BEGIN = time.monotonic()


@dataclass(frozen=True, slots=True)
class Rates:
    """Items a second of one model; None: not measured in time."""

    name: str
    parameters: int
    operations: float
    """Of one item."""
    alone: float | None
    prepared_ahead: float | None
    decoded_ahead: float | None


def measured(
    shape: Shape,
    device: torch.device,
    seconds: float,
    loaders: Loaders | None,
    most: int = sys.maxsize,
) -> Rates:
    """All rates of one model, within so many seconds from when it is built.

    Args:
        shape: the model.
        device: where it runs.
        seconds: for the three rates together.
        loaders: None: this process makes the pixels itself.
        most: batches that are timed for each rate.
    """
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    tell(f"{shape.name}: build")
    model = random_model(shape, device, dtype)
    tell(f"{shape.name}: count operations")
    batch, operations = largest_batch(shape, model, device, dtype)
    tokens = tokens_of(shape, batch, device)

    def per_second(name: str, make_inputs: Callable[[], Inputs], share: float) -> float | None:
        tell(f"{shape.name}: {name}, batches of {batch}, {share * seconds:.1f} s")
        try:
            inputs = make_inputs()
            rate = _per_second(
                lambda deadline: shape.run(model, tokens, inputs(deadline)), device, share * seconds, most
            )
        except Exception as error:  # noqa: BLE001 (one rate's fault must not lose the others)
            tell(f"{type(error).__name__}: {error}")
            rate = None
        tell(f"{shape.name}: {name}: {_shown(rate and batch * rate)} items a second")
        return rate and batch * rate

    pixels = torch.randn(batch * sum(shape.tiles), 3, shape.side, shape.side, device=device, dtype=dtype)
    alone = per_second("alone", lambda: lambda _: pixels, 0.25)
    # the engine's own form has most of the time
    prepared = per_second(
        "prepared ahead", lambda: _prepared_ahead(shape, loaders, batch, device, dtype), 0.5
    )
    decoded = per_second("decoded ahead", lambda: _decoded_ahead(shape, loaders, batch, device, dtype), 0.25)
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    return Rates(shape.name, n_parameters, operations, alone, prepared, decoded)


def _prepared_ahead(
    shape: Shape, loaders: Loaders | None, batch: int, device: torch.device, dtype: torch.dtype
) -> Inputs:
    form = Form(processor=shape.processor, side=shape.side, tiles=shape.tiles, is_prepared=True)
    items, table = _items(loaders, form, batch), values(form).to(device, dtype)

    def inputs(deadline: float) -> Tensor:
        tiles = items.batch(deadline)
        return looked_up(tiles.reshape(-1, *tiles.shape[2:]), table)

    return inputs


def _decoded_ahead(
    shape: Shape, loaders: Loaders | None, batch: int, device: torch.device, dtype: torch.dtype
) -> Inputs:
    form = Form(processor=shape.processor, side=shape.side, tiles=shape.tiles, is_prepared=False)
    items, table = _items(loaders, form, batch), values(form).to(device, dtype)

    def inputs(deadline: float) -> Tensor:
        tiles: list[Pixels] = []
        for pictures in items.batch(deadline):
            if time.monotonic() > deadline:
                raise LateError("this process makes the pixels too slowly")
            tiles.append(pixels_of(form, pictures))
        return looked_up(np.concatenate(tiles), table)

    return inputs


def _items(loaders: Loaders | None, form: Form, batch: int) -> Alone | Following:
    return Alone(form, batch) if loaders is None else loaders.following(form, batch)


def _per_second(
    step: Callable[[float], object], device: torch.device, seconds: float, most: int
) -> float | None:
    """Steps a second, after one that is not timed; None where no other one ended within so many seconds."""
    deadline = time.monotonic() + seconds
    count, spent = 0, 0.0
    try:
        with torch.inference_mode():
            step(deadline)
            _wait(device)
            begin = time.monotonic()
            while count < most and time.monotonic() < deadline:
                step(deadline)
                _wait(device)
                count, spent = count + 1, time.monotonic() - begin
    except LateError as error:
        tell(f"{count} batches, then: {error}")
    return count / spent if count else None


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def peak_of(device: torch.device) -> float | None:
    """Operations a second of this card at most; None for one that is not known."""
    if device.type != "cuda":
        return None
    card = torch.cuda.get_device_name()
    return next((peak for name, peak in PEAKS.items() if name in card), None)


def tell(line: str) -> None:
    """A line of progress, with the seconds since the program began."""
    print(f"{time.monotonic() - _BEGIN:7.1f} s  {line}", file=sys.stderr, flush=True)


def _shown(rate: float | None) -> str:
    return "n/a" if rate is None else f"{rate:.2f}"


def show(rates: Rates, peak: float | None) -> None:
    """Print one model's line."""
    shares = aim = ""
    if peak is not None:
        of_peak = [rate and rate * rates.operations / peak for rate in (rates.alone, rates.prepared_ahead)]
        shares = " and ".join("n/a" if share is None else f"{share:.0%}" for share in of_peak)
        wanted = AIMS.get(rates.name.split()[0])
        aim = f" (aim {wanted:.0%} with decoding, the second)" if wanted else ""
    columns = "".join(
        f"{_shown(rate):>10s}" for rate in (rates.alone, rates.prepared_ahead, rates.decoded_ahead)
    )
    size = f"{rates.parameters / 1e9:6.3f} G  {rates.operations / 1e12:9.4f} T"
    print(f"{rates.name:34s} {size} {columns}  {shares}{aim}", flush=True)


def hours(rates: list[Rates], n_pairs: int, third: float, n_gpus: int) -> tuple[float, float] | None:
    """Hours for all pairs, asking every judge, and asking the last one only where the first two differ.

    Captions and vectors are made once of each rainy picture. Rows do not depend on each other, so many GPUs share them evenly.
    The pixels are made ahead, as the engine does. None: the rate of a model is not measured.

    >>> one = Rates("votes", 1, 1.0, 3.0, 1.0, 2.0)
    >>> hours([one, one, one], 3600, 0.5, 1)
    (3.0, 2.5)
    """
    seconds: list[float] = []
    for one in rates:
        if not one.prepared_ahead:
            return None
        seconds.append(n_pairs / one.prepared_ahead / n_gpus)
    return sum(seconds) / 3600, (sum(seconds[:-1]) + third * seconds[-1]) / 3600


def _show_hours(rates: list[Rates], n_pairs: int, third: float) -> None:
    # the dearest judge last: it is the one that the early stop saves
    votes = [one for one in rates if one.name.startswith("votes")]
    votes.sort(key=lambda one: one.prepared_ahead or 0.0, reverse=True)
    others = [one for one in rates if not one.name.startswith("votes")]
    for n_gpus in (1, 8, 64):
        both = hours([*others, *votes], n_pairs, third, n_gpus)
        everyone, early = (f"{time:,.2f}" for time in both) if both else ("n/a", "n/a")
        print(
            f"{n_pairs:,} pairs on {n_gpus} GPUs: {everyone} hours; with early stop, the dearest judge asked about "
            f"{third:.0%} of them: {early}"
        )


def _tell_of_one_item(shape: Shape) -> None:
    """What this process needs for the pixels of one item, while nothing else runs."""
    spent: list[float] = []
    for is_prepared in (False, True):
        form = Form(processor=shape.processor, side=shape.side, tiles=shape.tiles, is_prepared=is_prepared)
        made(form, files(), 0)
        begin = time.monotonic()
        made(form, files(), 1)
        spent.append(1000 * (time.monotonic() - begin))
    tell(f"{shape.name}: one item in one process: {spent[0]:.1f} ms decoded, {spent[1]:.1f} ms with pixels")


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
    parser.add_argument(
        "--loaders", type=int, default=max(1, (os.cpu_count() or 2) - 1), help="0: no other process"
    )
    arguments = parser.parse_args()
    for shape in shapes(tiny=False):
        try:
            _tell_of_one_item(shape)
        except Exception as error:  # noqa: BLE001 (as above)
            tell(f"{shape.name}: {type(error).__name__}: {error}")
    # the loading processes start before CUDA does, and none of them is forked from a process that holds it
    with Loaders(arguments.loaders) if arguments.loaders else nullcontext() as loaders:
        _measure_all(arguments, loaders)


def _measure_all(arguments: argparse.Namespace, loaders: Loaders | None) -> None:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    is_tiny = device.type != "cuda"
    name = (
        "CPU, TINY models: the rates say nothing of the real ones"
        if is_tiny
        else torch.cuda.get_device_name()
    )
    versions = f"torch {torch.__version__}, transformers {transformers.__version__}"
    print(f"{name}; {versions}, {arguments.loaders} loaders")
    print(
        f"{'':34s} parameters  operations   items a second: alone, prepared ahead, decoded ahead; share of peak of the first two",
        flush=True,
    )
    every = shapes(tiny=is_tiny)
    rates: list[Rates] = []
    for shape in every:
        try:
            with torch.no_grad() if is_tiny else nullcontext():
                rates.append(measured(shape, device, 60 * arguments.minutes / len(every), loaders))
        except Exception as error:  # noqa: BLE001 (as above)
            tell(f"{shape.name}: {type(error).__name__}: {error}")
            rates.append(Rates(shape.name, 0, 0.0, None, None, None))
        show(rates[-1], peak_of(device))
        if not is_tiny:
            torch.cuda.empty_cache()
    _show_hours(rates, arguments.pairs, arguments.third)


if __name__ == "__main__":
    main()
