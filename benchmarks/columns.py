"""Seconds and bytes a row of the work across rows, on synthetic rows without pictures.

    python -m benchmarks.columns --rows 10000 100000 1000000

Steps: `verify` (duplicates, leaks, scenes and types of rows that were measured, and the tables and the report), `decide`
(thresholds, votes, verdicts and tallies of what three judges answered), `split` (the stage rainrag_split). A step is a
process of its own, so that its peak memory is its own; bytes a row are the peak above the one at the fewest rows.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import synthetic_rows
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Dropped, ManifestRow, Pair
from unirain_core.config.sections import Draw, RainragSplit, RainType, VerifiedPairs
from unirain_core.distill import rainy, tally
from unirain_core.distill.ballots import Answer
from unirain_core.distill.inspection import Inspection
from unirain_core.stages import rainrag_split, verified_pairs, vlm_votes

DRAW = Draw(per_type=20, per_scene=1)
SPLIT = RainragSplit(seed=0, unfiltered=DRAW, test=DRAW, val=DRAW, train_per_type=0)
RAIN_TYPES = tuple(map(RainType, synthetic_rows.RAIN_TYPES))


def verify(root: Path) -> None:
    """The stage verified_pairs, but for the measuring of pictures."""
    verified_pairs.verify(root, _measured(root), VerifiedPairs(), RAIN_TYPES)


def _measured(root: Path) -> Iterator[tuple[Sequence[ManifestRow], Sequence[Inspection]]]:
    for piece in tables.batches(root / "data/raw/manifest.parquet", ManifestRow):
        rows = tables.rows_of(piece, ManifestRow)
        yield rows, synthetic_rows.inspections(rows)


def decide(root: Path) -> None:
    """The stage vlm_votes after the answers, and the writing of the answers."""
    out, judges = root / "data/votes", synthetic_rows.JUDGES
    files = [root / f"answers-{judge}.parquet" for judge in range(len(judges))]
    _write_answers(root, files)
    votes = vlm_votes.write_votes(out, files, dict.fromkeys(judges, 0.6))
    tables.write(out / "dropped.parquet", [], Dropped)
    groups = tables.columns(root / rainy.PAIRS, Pair, ["rain_type", "dataset"])
    tally.by_group(votes, groups["rain_type"])
    tally.by_group(votes, groups["dataset"])
    tally.by_judge(votes, judges)
    tally.agreement(votes, judges)


def _write_answers(root: Path, files: Sequence[Path]) -> None:
    with ExitStack() as stack:
        writers = [stack.enter_context(tables.writer(file, Answer)) for file in files]
        for piece in tables.batches(root / rainy.PAIRS, Pair, ["pair_id"]):
            answers = synthetic_rows.answers(piece.column("pair_id").to_pylist())
            for number, writer in enumerate(writers):
                writer.rows(answers[number :: len(files)])


def split(root: Path) -> None:
    """The stage rainrag_split."""
    rainrag_split.run(root, rainrag_split=SPLIT, rain_types=RAIN_TYPES)


STEPS: dict[str, Callable[[Path], None]] = {"verify": verify, "decide": decide, "split": split}


def main() -> None:
    """Print a line for each step and number of rows."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--step", choices=STEPS, help="measure one step in this process")
    parser.add_argument("--root", type=Path)
    arguments = parser.parse_args()
    if arguments.step:
        measure(STEPS[arguments.step], arguments.root)
        return
    print(
        f"load {os.getloadavg()[0]:.1f}\n{'step':8} {'rows':>9} {'seconds':>8} {'ms a row':>9} {'MiB':>6} {'bytes a row':>12}"
    )
    first: dict[str, tuple[int, float]] = {}
    for n_rows in sorted(arguments.rows):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            synthetic_rows.write_manifest(root / "data/raw/manifest.parquet", n_rows)
            for step in STEPS:
                one = [sys.executable, "-m", "benchmarks.columns", "--step", step, "--root", folder]
                seconds, peak = json.loads(subprocess.run(one, check=True, stdout=subprocess.PIPE).stdout)
                rows_before, peak_before = first.setdefault(step, (n_rows, peak))
                more = n_rows - rows_before
                a_row = f"{(peak - peak_before) / more:12.0f}" if more else " " * 12
                print(
                    f"{step:8} {n_rows:9} {seconds:8.1f} {1000 * seconds / n_rows:9.4f} {peak / 2**20:6.0f} {a_row}",
                    flush=True,
                )


def measure(step: Callable[[Path], None], root: Path) -> None:
    """Print the seconds and the peak memory of one step."""
    before = time.perf_counter()
    step(root)
    seconds = time.perf_counter() - before
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))


if __name__ == "__main__":
    main()
