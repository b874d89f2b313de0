"""What the engine costs beyond the work: trivial work on synthetic rows, first run and everything finished.

    python -m benchmarks.engine --rows 10000 100000 1000000

Each run is a process of its own, so that its peak memory is its own. Rows come from a table in batches and results go
into a table, as in a stage; both are part of the figures. Bytes a row are the peak above the one at the fewest rows.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import ManifestRow, Verdict
from unirain_core.engine.pools import Device
from unirain_core.engine.rows import stream
from unirain_core.engine.store import WorkStore, digest

DATASETS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Trivial:
    """Work that costs nothing; what a run takes is the engine's."""

    algorithm: str = "1"
    output: type[Verdict] = Verdict
    device: Device = "cpu"
    batch: int | None = None

    def key(self, row: ManifestRow) -> str:
        """As the key of an inspection."""
        return digest(row.input_hash, row.target_hash, row.halves, 10**8)

    def place(self, row: ManifestRow) -> tuple[str, str]:
        """Dataset and id."""
        return row.dataset, row.pair_id

    def compute(self, batch: Sequence[ManifestRow]) -> list[Verdict]:
        """A verdict that anybody can guess."""
        return [
            Verdict(pair_id=row.pair_id, yes=row.input_bytes % 4, no=0, abstained=0, verdict=True, calls=3)
            for row in batch
        ]


def manifest_rows(n_rows: int) -> Iterator[list[ManifestRow]]:
    """Synthetic rows, sorted by their ids, in batches."""
    per_dataset = -(-n_rows // DATASETS)
    for begin in range(0, n_rows, tables.GROUP_ROWS):
        yield [
            _row(f"set{number // per_dataset}", number)
            for number in range(begin, min(n_rows, begin + tables.GROUP_ROWS))
        ]


def _row(dataset: str, number: int) -> ManifestRow:
    pair_id = f"{dataset}/rainy/{number:08d}"
    return ManifestRow(
        pair_id=pair_id,
        dataset=dataset,
        rain_types=("drs",),
        origin="synthetic",
        role="train",
        root=dataset,
        input=f"rainy/{number:08d}.png",
        target=f"clean/{number:08d}.png",
        halves=None,
        group=None,
        input_bytes=number,
        target_bytes=number,
        input_hash=hashlib.sha256(pair_id.encode()).hexdigest(),
        target_hash=hashlib.sha256(f"clean {pair_id}".encode()).hexdigest(),
    )


def measure(home: Path, manifest: Path, out: Path) -> dict[str, float]:
    """One run in this process."""
    start = time.monotonic()
    store = WorkStore(home=home, owner="toy")
    store.begin()
    batches = (tables.rows_of(batch, ManifestRow) for batch in tables.batches(manifest, ManifestRow))
    n_rows = 0
    with tables.writer(out, Verdict) as table:
        for window in stream(Trivial(), batches, store):
            table.columns(window.results)
            n_rows += len(window.rows)
    store.end()
    return {
        "rows": n_rows,
        "seconds": time.monotonic() - start,
        "bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "files": sum(1 for _ in store.shards.iterdir()),
    }


def run(n_rows: int, folder: Path) -> list[dict[str, float]]:
    """The first run and the one after it."""
    manifest = folder / f"{n_rows}.parquet"
    with tables.writer(manifest, ManifestRow) as table:
        for rows in manifest_rows(n_rows):
            table.rows(rows)
    home = folder / f"home-{n_rows}"
    answers = []
    for name in ("first", "finished"):
        command = [
            sys.executable,
            "-m",
            "benchmarks.engine",
            "--measure",
            home,
            manifest,
            folder / f"{name}.parquet",
        ]
        answer = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
        answers.append(json.loads(answer.stdout))
    if (folder / "first.parquet").read_bytes() != (folder / "finished.parquet").read_bytes():
        raise RuntimeError(f"{n_rows} rows: the two runs gave other bytes")
    return answers


def main() -> None:
    """Print a line for each number of rows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--measure", type=Path, nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(*arguments.measure)))
        return
    print(
        "rows        ms a row: first  finished   files per million   bytes a row: first  finished", flush=True
    )
    with tempfile.TemporaryDirectory(prefix="unirain-engine-") as temporary:
        fewest: list[dict[str, float]] | None = None
        for n_rows in sorted(arguments.rows):
            answers = run(n_rows, Path(temporary))
            fewest = fewest or answers
            times = [1000 * answer["seconds"] / n_rows for answer in answers]
            growth = [
                (answer["bytes"] - least["bytes"]) / max(1, n_rows - least["rows"])
                for answer, least in zip(answers, fewest, strict=True)
            ]
            files = 1e6 * answers[0]["files"] / n_rows
            print(
                f"{n_rows:9,d} {times[0]:16.4f} {times[1]:9.4f} {files:19.0f} {growth[0]:20.0f} {growth[1]:9.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
