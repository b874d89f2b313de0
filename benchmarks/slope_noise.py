"""How far the slopes of Eq. 6 stand out of their noise, by the length of their window.

    python -m benchmarks.slope_noise data/checkpoints/*/history.parquet

Reads finished trainings. Each line takes every n-th validation loss and windows of N of them, and prints the signal to noise of
each rain type: the median over the trainings. Windows that fit fewer than twice into a training have no line.
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl

from unirain_core.reweight.slope import Float64Array, convergence_slope, slope_signal_to_noise

WINDOWS = (5, 10, 20)
EVERY = (1, 2, 5, 10)
"""Every n-th update of the training."""


def losses(history: Path) -> tuple[list[str], int, Float64Array]:
    """Rain types, the steps between two updates, and (K, T) validation losses, the first ones 1."""
    rows = pl.read_parquet(history).filter(pl.col("val_loss").is_not_null()).sort("step")
    rain_types = rows["rain_type"].unique(maintain_order=True).to_list()
    of_types = [rows.filter(pl.col("rain_type") == name)["val_loss"].to_numpy() for name in rain_types]
    together = np.stack(of_types)
    return rain_types, int(rows["step"][0]), together / together[:, :1]


def ratios(series: Float64Array, window: int) -> Float64Array | None:
    """(K,) signal to noise of the slopes in windows of so many losses; None where the series is too short.

    >>> ratios(np.array([[4.0, 3.0, 2.0, 1.0]]), 2)
    array([inf])
    >>> ratios(np.array([[4.0, 3.0, 2.0]]), 2) is None
    True
    """
    if series.shape[1] < 2 * window:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(series, window, axis=1)
    updates = np.broadcast_to(np.arange(window, dtype=np.float64), (len(series), window))
    slopes = [convergence_slope(updates, windows[:, place]) for place in range(windows.shape[1])]
    return slope_signal_to_noise(np.stack(slopes, axis=1), window)


def main(files: list[str]) -> None:
    """Print the table."""
    if not files:
        raise SystemExit(__doc__)
    trainings = [losses(Path(file)) for file in files]
    rain_types, step, _ = trainings[0]
    print(f"{len(files)} trainings; median signal to noise of the slopes of Eq. 6")
    print(f"{'N':>3s} {'steps between':>14s} {'steps of a window':>18s}  " + "  ".join(rain_types))
    for every in EVERY:
        for window in WINDOWS:
            found = [ratios(series[:, every - 1 :: every], window) for _, _, series in trainings]
            known = [one for one in found if one is not None]
            if known:
                shown = "  ".join(f"{ratio:4.2f}" for ratio in np.median(known, axis=0))
                print(f"{window:3d} {step * every:14d} {step * every * window:18d}  {shown}")


if __name__ == "__main__":
    main(sys.argv[1:])
