"""The work across rows takes few bytes of each row, and the benchmark says what does not hold."""

import subprocess
import sys

import pytest

from benchmarks import scale, synthetic_rows
from unirain_core.artefacts import paths

FEW, MANY = 100_000, 400_000
BYTES_A_ROW = 400
"""More than the 300 that are demanded at 1,000,000 rows: buffers of a fixed size are not quite full at FEW."""


def peak(step, root):
    command = [sys.executable, "-m", "tests.benchmarks.rows_alone", step, str(root)]
    return int(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


@pytest.mark.slow
def test_checks_across_rows_and_the_split_take_few_bytes_of_a_row(tmp_path):
    peaks = {}
    for n_rows in (FEW, MANY):
        root = tmp_path / str(n_rows)
        synthetic_rows.write_manifest(root / paths.RAW / "manifest.parquet", n_rows)
        for step in ("verify", "judge", "split"):
            peaks[step, n_rows] = peak(step, root)

    growth = {step: (peaks[step, MANY] - peaks[step, FEW]) / (MANY - FEW) for step in ("verify", "split")}
    assert {} == {step: bytes_a_row for step, bytes_a_row in growth.items() if bytes_a_row > BYTES_A_ROW}


def figures(rows, *, seconds, peak=0.0, **more):
    return {"rows": rows, "seconds": seconds, "cpu": seconds, "peak": peak, "load": 0.0, **more}


def test_a_start_up_is_no_cost_of_a_row():
    series = [figures(1_000, seconds=5.0), figures(11_000, seconds=6.0), figures(101_000, seconds=15.0)]

    assert 1.0 == pytest.approx(scale.ratio(series, "seconds"))
    assert [] == scale.failures("split", series)


@pytest.mark.parametrize("rows", [["1000"], ["10000", "500"]])
def test_numbers_of_rows_that_show_no_more_than_the_start_up_are_refused(monkeypatch, capsys, rows):
    monkeypatch.setattr(sys, "argv", ["scale", "--rows", *rows])
    with pytest.raises(SystemExit, match="2"):
        scale.main()

    assert "--rows: more than 1,000, which shows the start-up, are needed" in capsys.readouterr().err


def test_a_number_of_rows_that_is_named_twice_is_measured_once(monkeypatch):
    sizes: list[int] = []

    def report(_folder, rows, _steps):
        sizes.extend(rows)
        return []

    monkeypatch.setattr(sys, "argv", ["scale", "--rows", "2000", "2000"])
    monkeypatch.setattr(scale, "report", report)

    assert scale.main() == 0
    assert sizes == [2000]


def test_what_does_not_hold_is_said_with_what_is_demanded():
    series = [
        figures(0, seconds=0.0),
        figures(100_000, seconds=10.0),
        figures(1_100_000, seconds=154.0, peak=301e6),
    ]

    assert [
        "301 bytes a row, at most 300 are demanded",
        "1.40 times what a row cost before, at most 1.3 are demanded",
    ] == scale.failures("split", series)
