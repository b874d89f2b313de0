"""The program that tells signal from noise in the slopes of finished trainings."""

import doctest

import numpy as np
import polars as pl

from benchmarks import slope_noise


def test_the_examples_hold():
    assert doctest.testmod(slope_noise).failed == 0


def test_a_longer_window_lifts_a_steady_fall_out_of_its_noise(tmp_path, capsys):
    rng = np.random.default_rng(0)
    steps = np.arange(5, 601, 5)
    rows = [
        {"step": step, "rain_type": name, "val_loss": 1 - step / 1200 + 0.05 * rng.standard_normal()}
        for step in steps
        for name in ("drs", "nrd")
    ]
    pl.DataFrame(rows).write_parquet(tmp_path / "history.parquet")
    slope_noise.main([str(tmp_path / "history.parquet")])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    ratio = {(int(n), int(every)): (float(drs), float(nrd)) for n, every, _, drs, nrd in lines}

    assert all(value < 1 for value in ratio[5, 5])
    assert all(value > 1 for value in ratio[20, 10])
    assert (20, 50) not in ratio, "such a window does not fit twice into the training"
