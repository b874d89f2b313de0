"""The cost of a row in each step, on synthetic rows without pictures and with scripted work.

    python -m benchmarks.scale --rows 10000 100000 1000000

The steps, in one project folder for each number of rows: `manifest` writes it in pieces. `verify` is the stage verified_pairs
with a scripted inspection, `verified` is the same again when all of that is finished. `triplets` writes what the encoders
would. `retrieve` is the stage retrieved_references with scripted similarity, `votes` the stage vlm_votes with scripted
answers, `split` the stage rainrag_split. Near duplicates of distinct hashes and of videos have lines of their own.

Each step is a process of its own, so that its peak memory is its own. Seconds are those of the step, without the imports.
Its start-up (the first workers, the first windows) is its time on START rows, which is taken off before a ratio is formed:
(t(N) - t(START)) / (N - START) beside the same of the size before. Bytes a row are the peak above the one at the smallest
number of rows. Ratios and bytes are judged from JUDGED_ROWS on: at 10,000 rows the buffers of a fixed size (windows, row
groups, the allocators' own) are not full, and most steps take less than a second. The engine's overhead is all that the
stage waits for its windows: the reading of the rows, their keys, the scripted work, its shards and the results as objects.
Where other programs share the machine (the load is above twice its cores), wall seconds tell of them, and CPU seconds are
judged instead. The exit code is 1 where something demanded does not hold.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from benchmarks import near_duplicates, synthetic_rows
from benchmarks.scripted_jobs import ScriptedInspection, ScriptedVotes
from unirain_core.artefacts import paths, tables, triplets
from unirain_core.artefacts.schemas import Dropped, Pair, RealPhoto
from unirain_core.artefacts.triplets import TripletFiles
from unirain_core.config.sections import Draw, JudgeName, RainragSplit, RainType, VerifiedPairs, VlmVotes
from unirain_core.engine.store import WorkStore
from unirain_core.imaging.near import near_sets
from unirain_core.stages import rainrag_split, retrieved_references, verified_pairs, vlm_votes

Item = TypeVar("Item")

START = 1_000
"""Rows of the run that shows what a step costs before its rows do."""
BYTES_A_ROW = 300
JUDGED_ROWS = 1_000_000
"""From here on, what a process takes is what its rows take."""
RATIO = 1.3
FIRST_MS, FINISHED_MS = 0.3, 0.03
FILES_PER_MILLION = 3_000
NEAR_S = 15 * 60

DRAW = Draw(per_type=4, per_scene=1)
SPLIT = RainragSplit(seed=0, unfiltered=DRAW, test=DRAW, val=DRAW, train_per_type=0)
RAIN_TYPES = tuple(map(RainType, synthetic_rows.RAIN_TYPES))
JUDGES = JudgeName("statistics/photometric"), JudgeName("statistics/directional"), JudgeName("statistics/nss")


@dataclass(slots=True)
class Stopwatch:
    """The seconds that somebody waits for items, and the seconds of this process's CPU in the meantime."""

    seconds: float = 0.0
    cpu: float = 0.0

    def timed(self, items: Iterable[Item]) -> Iterator[Item]:
        """The same items."""
        remaining = iter(items)
        while True:
            before, cpu_before = time.perf_counter(), time.process_time()
            item = next(remaining, None)
            self.seconds += time.perf_counter() - before
            self.cpu += time.process_time() - cpu_before
            if item is None:
                return
            yield item


Figures = dict[str, float]


def manifest(root: Path, n_rows: int) -> Figures:
    """Write the manifest in pieces."""
    synthetic_rows.write_manifest(root / paths.RAW / "manifest.parquet", n_rows)
    return {}


def verify(root: Path, n_rows: int) -> Figures:
    """The stage verified_pairs."""
    watch = Stopwatch()
    windows = watch.timed(verified_pairs.inspected(root, ScriptedInspection()))
    verified_pairs.verify(root, windows, VerifiedPairs(), RAIN_TYPES)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = watch.cpu + children.ru_utime + children.ru_stime
    return {"engine_seconds": watch.seconds, "engine_cpu": cpu, "files": _files(root, "verified_pairs")}


def encode(root: Path, n_rows: int) -> Figures:
    """Write the triplets of the verified pairs and photos."""
    for table, schema, name, folder in (
        ("pairs", Pair, "pair_id", paths.TRIPLETS),
        ("real", RealPhoto, "photo_id", paths.DATABASE),
    ):
        with triplets.writer(root / folder) as both:
            for piece in tables.batches(root / paths.VERIFIED / f"{table}.parquet", schema, [name]):
                both.rows(synthetic_rows.triplets(piece.column(name).to_pylist()))
        tables.write(root / folder / "dropped.parquet", [], Dropped)
    return {}


def retrieve(root: Path, n_rows: int) -> Figures:
    """The stage retrieved_references, but for the search."""
    queries, photos = TripletFiles.open(root / paths.TRIPLETS), TripletFiles.open(root / paths.DATABASE)
    ids = photos.read().ids
    retrieved_references.write(root, queries, photos, lambda batch: synthetic_rows.references(batch, ids))
    return {}


def votes(root: Path, n_rows: int) -> Figures:
    """The stage vlm_votes."""
    jobs = [ScriptedVotes(judge=name) for name in JUDGES]
    vlm_votes.decide(root, jobs, VlmVotes(judges=JUDGES, accept_share=0.9))
    return {"files": _files(root, "vlm_votes") / len(JUDGES)}


def split(root: Path, n_rows: int) -> Figures:
    """The stage rainrag_split."""
    rainrag_split.run(root, rainrag_split=SPLIT, rain_types=RAIN_TYPES)
    return {}


def _files(root: Path, stage: str) -> int:
    return sum(1 for _ in WorkStore.at(root, stage).shards.iterdir())


def random_hashes(root: Path, n_rows: int) -> Figures:
    """Exact near sets of distinct hashes."""
    near_sets(near_duplicates.random_hashes(n_rows), near_duplicates.BITS)
    return {}


def videos(root: Path, n_rows: int) -> Figures:
    """Exact near sets of the frames of videos."""
    near_sets(near_duplicates.frames(n_rows), near_duplicates.BITS)
    return {}


STEPS: dict[str, Callable[[Path, int], Figures]] = {
    "manifest": manifest,
    "verify": verify,
    "verified": verify,
    "triplets": encode,
    "retrieve": retrieve,
    "votes": votes,
    "split": split,
}
NEAR: dict[str, Callable[[Path, int], Figures]] = {"near: random": random_hashes, "near: videos": videos}


def main() -> int:
    """Print a line for each step and number of rows, and what of it was demanded."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--steps", nargs="+", choices=[*STEPS, *NEAR], default=[*STEPS, *NEAR])
    parser.add_argument("--folder", type=Path, help="where the projects are made and stay")
    parser.add_argument("--print-only", action="store_true", help="exit with 0 in any case")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if min(arguments.rows) <= START:
        parser.error(f"--rows: more than {START:,}, which shows the start-up, are needed")
    if arguments.measure:
        name, root, n_rows = arguments.measure
        print(json.dumps(measure({**STEPS, **NEAR}[name], Path(root), int(n_rows))))
        return 0
    with tempfile.TemporaryDirectory(prefix="unirain-scale-") as temporary:
        unmet = report(arguments.folder or Path(temporary), sorted(set(arguments.rows)), arguments.steps)
    print("all that is demanded holds" if not unmet else "does not hold: " + "; ".join(unmet))
    return 1 if unmet and not arguments.print_only else 0


def measure(step: Callable[[Path, int], Figures], root: Path, n_rows: int) -> Figures:
    """Seconds, CPU seconds of all processes and peak memory of one step, in this process."""
    before, cpu_before = time.perf_counter(), time.process_time()
    figures = step(root, n_rows)
    seconds = time.perf_counter() - before
    cpu = time.process_time() - cpu_before
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu += children.ru_utime + children.ru_stime
    return {
        **figures,
        "rows": n_rows,
        "seconds": seconds,
        "cpu": cpu,
        "peak": peak(),
        "load": os.getloadavg()[0],
    }


def peak() -> int:
    """The most bytes that this process held at once.

    Where the kernel tells it, since what `getrusage` tells begins with what the process held before it became this program.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    kibibytes = status.read_text().partition("VmHWM:")[2].split()[0]
    return 1024 * int(kibibytes)


def report(folder: Path, sizes: Sequence[int], steps: Sequence[str]) -> list[str]:
    """Print the table; returns what does not hold."""
    print(
        f"{'step':12} {'rows':>9} {'seconds':>8} {'ms a row':>9} {'ratio':>6} {'CPU s':>7} {'ratio':>6} "
        f"{'MiB':>6} {'bytes a row':>12} {'load':>5}"
    )
    series: dict[str, list[Figures]] = {step: [_measured(folder, step, START)] for step in steps}
    unmet = []
    for n_rows in sizes:
        for step in steps:
            figures = _measured(folder, step, n_rows)
            series[step].append(figures)
            print(_line(step, series[step]), flush=True)
            unmet += [f"{step} at {n_rows:,d}: {failure}" for failure in failures(step, series[step])]
    return unmet


def _measured(folder: Path, step: str, n_rows: int) -> Figures:
    root = folder / str(n_rows)
    command = [sys.executable, "-m", "benchmarks.scale", "--measure", step, root, n_rows]
    answer = subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE)
    figures: Figures = json.loads(answer.stdout)
    return figures


def _rate(start: Figures, figures: Figures, unit: str) -> float:
    """Seconds of a row, without the start-up."""
    return (figures[unit] - start[unit]) / (figures["rows"] - start["rows"])


def ratio(series: Sequence[Figures], unit: str) -> float | None:
    """The cost of a row at the last size over its cost at the size before. The first of the series is the start-up."""
    if len(series) < 3:
        return None
    return _rate(series[0], series[-1], unit) / _rate(series[0], series[-2], unit)


def bytes_a_row(series: Sequence[Figures]) -> float | None:
    """The peak above the one at the smallest size; the first of the series is the start-up."""
    smallest, last = series[1], series[-1]
    return (last["peak"] - smallest["peak"]) / (last["rows"] - smallest["rows"]) if len(series) > 2 else None


def _line(step: str, series: Sequence[Figures]) -> str:
    last = series[-1]
    n_rows, memory = int(last["rows"]), bytes_a_row(series)
    growth, cpu_growth = ratio(series, "seconds"), ratio(series, "cpu")
    line = f"{step:12} {n_rows:9,d} {last['seconds']:8.1f} {1000 * last['seconds'] / n_rows:9.4f} "
    line += f"{_figure(growth, 2):>6} {last['cpu']:7.1f} {_figure(cpu_growth, 2):>6} "
    line += f"{last['peak'] / 2**20:6.0f} {_figure(memory, 0):>12} {last['load']:5.1f}"
    if "engine_seconds" in last:
        overheads = [1000 * last[unit] / n_rows for unit in ("engine_seconds", "engine_cpu")]
        line += "   engine {:.4f} ms a row ({:.4f} of CPU)".format(*overheads)
    if "files" in last:
        line += f"   {1e6 * last['files'] / n_rows:.0f} files per million"
    return line


def _figure(number: float | None, digits: int) -> str:
    return "" if number is None else f"{number:.{digits}f}"


def failures(step: str, series: Sequence[Figures]) -> list[str]:
    """The demands that the last figures do not meet."""
    last = series[-1]
    if step in NEAR:
        return [f"{last['seconds']:.0f} s"] if last["seconds"] > NEAR_S else []
    is_shared = any(figures["load"] > 2 * (os.cpu_count() or 1) for figures in series)
    growth, memory = ratio(series, "cpu" if is_shared else "seconds"), bytes_a_row(series)
    n_rows, unmet = last["rows"], []
    is_judged = n_rows >= JUDGED_ROWS
    if is_judged and memory is not None and memory > BYTES_A_ROW:
        unmet.append(f"{memory:.0f} bytes a row, at most {BYTES_A_ROW} are demanded")
    # the bounds of the engine's overhead below judge `verify` and `verified`
    if is_judged and growth is not None and growth > RATIO and step not in ("verify", "verified"):
        unmet.append(f"{growth:.2f} times what a row cost before, at most {RATIO} are demanded")
    if growth is not None and "engine_seconds" in last:  # a start-up is no cost of a row
        overhead = 1000 * last["engine_cpu" if is_shared else "engine_seconds"] / n_rows
        most = FIRST_MS if step == "verify" else FINISHED_MS
        if overhead > most:
            unmet.append(f"engine {overhead:.3f} ms a row, at most {most} are demanded")
    if growth is not None and last.get("files", 0) > FILES_PER_MILLION * n_rows / 1e6:
        unmet.append(f"{1e6 * last['files'] / n_rows:.0f} files per million rows")
    return unmet


if __name__ == "__main__":
    sys.exit(main())
