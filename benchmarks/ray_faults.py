"""Lose a node and kill the driver of a Ray cluster again and again; every time the bytes must be those of one machine.

    python -m benchmarks.ray_faults --rounds 20 --seed 0

Each round starts a cluster of three nodes on this machine and a driver of its own process. A node is removed at a random
moment, later the driver is killed by SIGKILL. Then the driver runs again to its end. The table must have the bytes that the
engine `local` gives, no row of a shard that was finished may be computed again, and a minute later no process of the
drivers may be left.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Verdict
from unirain_core.engine.pools import Device
from unirain_core.engine.rows import stream
from unirain_core.engine.store import WorkStore

ROWS = 600
SECONDS_A_ROW = 0.02
"""About 12 s of work for one worker: a node and the driver can go in its middle."""
LEFT_S = 60
"""Seconds after which no process of a driver may be left."""


@dataclass(frozen=True)
class Slow:
    """A job that takes its time and writes down which rows it computes."""

    log: Path
    algorithm: str = "1"
    output: type[Verdict] = Verdict
    device: Device = "cpu"
    batch: int | None = None

    def key(self, row: int) -> str:
        """The row's number."""
        return str(row)

    def place(self, row: int) -> tuple[str, str]:
        """One dataset."""
        return "rows", f"rows/{row:05d}"

    def compute(self, batch: Sequence[int]) -> list[Verdict]:
        """A verdict that depends on the number alone."""
        verdicts = []
        for row in batch:
            time.sleep(SECONDS_A_ROW)
            with self.log.open("a") as file:
                file.write(f"{row}\n")
            verdicts.append(
                Verdict(
                    pair_id=f"rows/{row:05d}", yes=row % 4, no=0, abstained=0, verdict=row % 3 == 0, calls=3
                )
            )
        return verdicts


def drive(folder: Path, n_rows: int) -> None:
    """Compute all rows with the engine that the environment names, and write the table."""
    store = WorkStore(home=folder / "home", owner="slow")
    with tables.writer(folder / "table.parquet", Verdict) as table:
        for window in stream(Slow(folder / "log"), [list(range(n_rows))], store):
            table.columns(window.results)


def start(folder: Path, n_rows: int, **variables: str) -> "subprocess.Popen[bytes]":
    """A driver in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.ray_faults", "--drive", str(folder), "--rows", str(n_rows)]
    with (folder / "output").open("ab") as output:
        return subprocess.Popen(command, env={**os.environ, **variables}, stdout=output, stderr=output)


def finish(folder: Path, n_rows: int, **variables: str) -> bytes:
    """The bytes of the table when a driver came to its end."""
    driver = start(folder, n_rows, **variables)
    if driver.wait():
        raise SystemExit(f"the driver failed:\n{(folder / 'output').read_text()[-3000:]}")
    return (folder / "table.parquet").read_bytes()


def shard_rows(folder: Path) -> set[int]:
    """The rows that stand in finished shards."""
    rows: set[int] = set()
    for path in (folder / "home" / "shards" / "slow").glob("*.parquet"):
        frame = tables.columns(path, Verdict, ["pair_id"])
        rows |= {int(name.partition("/")[2]) for name in frame["pair_id"]}
    return rows


def computed(folder: Path) -> Counter[int]:
    """Each row to how often it was computed."""
    log = folder / "log"
    return Counter(int(line) for line in log.read_text().split()) if log.exists() else Counter()


def wait_for(folder: Path, n_computed: int, driver: "subprocess.Popen[bytes]") -> None:
    """Wait until so many rows were computed, or the driver has ended."""
    while driver.poll() is None and len(computed(folder)) < n_computed:
        time.sleep(0.05)


def workers_left() -> list[int]:
    """Processes that compute for a driver of this program: Ray names them after the actor's class."""
    left = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if command.startswith(b"ray::_Actor"):
                left.append(int(folder.name))
    return left


@dataclass(frozen=True, slots=True)
class Round:
    """The result of one round."""

    is_equal: bool
    n_again: int
    """Rows of finished shards that were computed again after the driver was killed."""
    n_left: int
    """Worker processes a minute after the end."""
    n_finished: int
    """Rows in finished shards when the driver was killed."""


def one_round(folder: Path, reference: bytes, n_rows: int, rng: np.random.Generator) -> Round:
    """Lose a node, kill the driver, and go on."""
    from ray.cluster_utils import Cluster

    settings: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 120 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args={**settings, "include_dashboard": False})
    nodes = [cluster.add_node(**settings) for _ in range(2)]
    variables = {"UNIRAIN_ENGINE": "ray", "RAY_ADDRESS": cluster.address}
    try:
        driver = start(folder, n_rows, **variables)
        first, second = sorted(int(n) for n in rng.integers(1, n_rows * 3 // 4, 2))
        wait_for(folder, first, driver)
        cluster.remove_node(nodes[int(rng.integers(2))])
        wait_for(folder, max(second, first + 1), driver)
        driver.send_signal(signal.SIGKILL)
        driver.wait()
        time.sleep(2)  # what the workers have in hand comes to its end or to nothing
        finished, before = shard_rows(folder), computed(folder)
        table = finish(folder, n_rows, **variables)
        again = [row for row in finished if computed(folder)[row] > before[row]]
        deadline = time.monotonic() + LEFT_S
        while (left := workers_left()) and time.monotonic() < deadline:
            time.sleep(1)
        return Round(table == reference, len(again), len(left), len(finished))
    finally:
        cluster.shutdown()  # type: ignore[no-untyped-call]


def rounds(n_rounds: int, n_rows: int, seed: int) -> list[Round]:
    """Run and print them all."""
    rng = np.random.default_rng(seed)
    results: list[Round] = []
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        (home / "local").mkdir()
        reference = finish(home / "local", n_rows, UNIRAIN_ENGINE="local")
        for number in range(1, n_rounds + 1):
            folder = home / str(number)
            folder.mkdir()
            result = one_round(folder, reference, n_rows, rng)
            results.append(result)
            print(
                f"{number:3d} {'equal' if result.is_equal else 'OTHER BYTES'}, {result.n_finished} rows were finished, "
                f"{result.n_again} of them computed again, {result.n_left} processes left",
                flush=True,
            )
    return results


def main() -> None:
    """Entry point; exit code 1 where a round went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--drive", type=Path, help="be a driver for the work in this folder")
    arguments = parser.parse_args()
    if arguments.drive:
        # under its own name, so that the workers of the cluster find the job's class
        from benchmarks.ray_faults import drive as drive_by_name

        drive_by_name(arguments.drive, arguments.rows)
        return
    results = rounds(arguments.rounds, arguments.rows, arguments.seed)
    good = [r for r in results if r.is_equal and not r.n_again and not r.n_left]
    print(f"{len(good)} of {len(results)} rounds: equal bytes, nothing finished done again, no process left")
    sys.exit(len(good) < len(results))


if __name__ == "__main__":
    main()
