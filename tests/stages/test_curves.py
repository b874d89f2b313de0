import csv
import json

from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import HistoryRow
from unirain_core.config.sections import Variant
from unirain_core.stages import curves


def row(step, rain_type, **measured):
    fields = dict.fromkeys(("train_loss", "val_loss", "slope", "tbs", "tss", "af", "psnr", "ssim"))
    return HistoryRow(step=step, rain_type=rain_type, weight=0.5, lr=0.1, **{**fields, **measured})


def test_every_curve_has_a_line_for_each_step_at_which_it_was_measured(tmp_path):
    rows = [row(5, "drs", val_loss=0.25), row(5, "nrd", val_loss=0.5), row(10, "drs", psnr=20.0)]
    tables.write(tmp_path / "data/checkpoints/gated/history.parquet", rows, HistoryRow)
    variant = Variant(split="rainrag", network="small", strategy="gated", seed=0)
    curves.run(tmp_path, variants={"gated": variant})

    def lines(name):
        return list(csv.reader((tmp_path / f"data/pages/curves/{name}.csv").read_text().splitlines()))

    assert lines("val_loss") == [
        ["curve", "step", "val_loss"],
        ["gated drs", "5", "0.25"],
        ["gated nrd", "5", "0.5"],
    ]
    assert lines("psnr") == [["curve", "step", "psnr"], ["gated drs", "10", "20"]]
    assert len(lines("weight")) == 1 + len(rows)
    assert json.loads((tmp_path / "reports/curves.json").read_text())["counts"]["psnr"] == 1
