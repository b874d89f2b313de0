"""The price of checking content: seconds of hashing in the whole demo and in its trainings, as shares of their time.

    python -m benchmarks.trust

The sample profile runs once in a folder of its own. Every hash that a stage or one of its workers makes is timed, also the
hashes that only make keys, so the shares are upper bounds. The page checksums of tables are timed by reading and writing
every table of the run with and without them, by turns, minima of five.
"""

import argparse
import io
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.tiny_project import ROOT, run, tiny_project

POINTS = Path(__file__).with_name("trust_points")
TURNS = 5
BOUND = 0.03
"""The most that checking may cost, as a share of the demo's and of a training's time."""


def project_of_the_sample(folder: Path) -> Path:
    """The project as a clone has it after `make setup`: the tiny project's files with the real params."""
    project = tiny_project(folder)
    shutil.copy(ROOT / "params.yaml", project)
    return project


def seconds_by_stage(log: Path) -> Counter[str]:
    """Seconds of hashing, by the stage that hashed."""
    seconds: Counter[str] = Counter()
    for line in log.read_text(encoding="utf-8").splitlines():
        stage, _, duration = line.partition(" ")
        seconds[stage] += float(duration)  # type: ignore[assignment]
    return seconds


def least(action: Callable[[], object]) -> float:
    """The shortest of a few runs, in seconds."""
    durations = []
    for _ in range(TURNS):
        begin = time.perf_counter()
        action()
        durations.append(time.perf_counter() - begin)
    return min(durations)


def written(table: pa.Table, *, has_checksum: bool) -> bytes:
    """A table as the bytes of its file."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", write_page_checksum=has_checksum)
    return buffer.getvalue()


def read(content: bytes, *, has_checksum: bool) -> pa.Table:
    """A table from the bytes of its file."""
    return pq.read_table(io.BytesIO(content), page_checksum_verification=has_checksum)


def checksum_seconds(project: Path) -> float:
    """The seconds that page checksums add to one writing and one reading of every table of the run."""
    total = 0.0
    for path in sorted([*project.glob("data/**/*.parquet"), *project.glob(".unirain/**/*.parquet")]):
        table = pq.read_table(path)
        seconds = []
        for has_checksum in (True, False):
            content = written(table, has_checksum=has_checksum)
            writing = least(partial(written, table, has_checksum=has_checksum))
            reading = least(partial(read, content, has_checksum=has_checksum))
            seconds.append(writing + reading)
        total += max(0.0, seconds[0] - seconds[1])
    return total


def main() -> int:
    """Run the demo stage by stage, and print the shares."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tiny", action="store_true", help="few small pictures and few steps")
    arguments = parser.parse_args()
    dvc = (sys.executable, "-m", "dvc")
    with tempfile.TemporaryDirectory(prefix="unirain-trust-") as temporary:
        folder, log = Path(temporary) / "project", Path(temporary) / "hashes"
        project = tiny_project(folder) if arguments.tiny else project_of_the_sample(folder)
        log.touch()
        environment = {"PYTHONPATH": f"{POINTS}:{ROOT}", "TRUST_LOG": str(log)}
        took: dict[str, float] = {}
        for stage in run(project, *dvc, "stage", "list", "--name-only").stdout.split():
            begin = time.monotonic()
            run(project, *dvc, "repro", "--single-item", stage, env=environment)
            took[stage] = time.monotonic() - begin
        hashing, pages = seconds_by_stage(log), checksum_seconds(project)
    for stage, seconds in took.items():
        print(f"{stage:32s} {hashing[stage]:7.3f} s of {seconds:6.1f} s: {hashing[stage] / seconds:.2%}")
    whole, total = sum(took.values()), sum(hashing.values()) + pages
    print(f"page checksums of all tables     {pages:7.3f} s")
    print(f"the whole demo                   {total:7.3f} s of {whole:6.1f} s: {total / whole:.2%}")
    trainings = [stage for stage in took if stage.startswith("trained_checkpoint")]
    of_trainings = max(hashing[stage] / took[stage] for stage in trainings)
    return 0 if max(total / whole, of_trainings) <= BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
