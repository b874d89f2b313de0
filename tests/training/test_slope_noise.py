"""The report says how far slopes stand out of their noise, and that weights follow chance where they do not."""

import numpy as np

from unirain_core.artefacts.schemas import HistoryRow
from unirain_core.config.sections import RainType, Strategy
from unirain_core.training.slope_noise import notes, signal_to_noise

DRS, NRD = RainType("drs"), RainType("nrd")


def row(step, rain_type, slope, af=0.5):
    return HistoryRow(
        step=step, rain_type=rain_type, train_loss=1.0, val_loss=1.0, slope=slope, tbs=0.5, tss=0.5, af=af, weight=0.5, lr=1e-3,
        psnr=None, ssim=None,
    )  # fmt: skip


def history():
    rng = np.random.default_rng(0)
    rows = []
    for step in range(200):
        rows.append(row(step, DRS, -1.0 + 0.1 * rng.standard_normal()))
        rows.append(row(step, NRD, rng.standard_normal()))
        if step % 7 == 0:  # measured on val alone, without an update
            rows += [row(step, DRS, None, af=None), row(step, NRD, None, af=None)]
    return rows


def test_a_type_with_a_clear_fall_stands_out_and_one_without_does_not():
    ratios = signal_to_noise(history(), (DRS, NRD), 5)

    assert (ratios[DRS] or 0.0) > 5
    assert ratios[NRD] is not None
    assert (ratios[NRD] or 0.0) < 0.5


def test_a_training_of_fewer_updates_than_a_window_has_no_ratio():
    assert {DRS: None} == signal_to_noise(history()[:6], (DRS,), 5)


def test_noise_is_said_with_what_raises_the_ratio_and_only_where_weights_follow_it():
    ratios = {DRS: 3.0, NRD: 0.08}
    (sentence,) = notes(ratios, Strategy(preset="gated", source="val"))

    assert "signal to noise below 1: nrd 0.08" in sentence
    assert (
        "a larger window_size or update_every" in sentence
    )  # tests/benchmarks/test_slope_noise.py shows that it helps
    assert "drs" not in sentence
    assert [] == notes(ratios, Strategy(preset="uniform"))
    assert [] == notes({DRS: 3.0, NRD: None}, Strategy(preset="gated"))
