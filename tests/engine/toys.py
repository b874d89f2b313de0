"""Jobs whose results are known, for the tests of the engine."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from unirain_core.artefacts.schemas import Verdict
from unirain_core.engine.pools import Device


@dataclass(frozen=True)
class Item:
    dataset: str
    name: str
    value: int


def verdict(row: Item) -> Verdict:
    return Verdict(pair_id=row.name, yes=row.value * 2, no=0, abstained=0, verdict=True, calls=3)


@dataclass(frozen=True)
class Toy:
    algorithm: str = "1"
    output: type[Verdict] = Verdict
    device: Device = "cpu"
    batch: int | None = None

    def key(self, row: Item) -> str:
        return str(row.value)

    def place(self, row: Item) -> tuple[str, str]:
        return row.dataset, row.name

    def compute(self, batch: Sequence[Item]) -> list[Verdict]:
        return [verdict(row) for row in batch]


@dataclass(frozen=True)
class Counted(Toy):
    """Writes down which items it computed; stops for good when it meets one."""

    log: Path = Path()
    stop_at: str = ""

    def compute(self, batch: Sequence[Item]) -> list[Verdict]:
        if any(row.name == self.stop_at for row in batch):
            raise KeyboardInterrupt("stopped")
        with self.log.open("a") as file:
            file.writelines(f"{row.name}\n" for row in batch)
        return [verdict(row) for row in batch]


@dataclass(frozen=True)
class Slow(Counted):
    """Takes twenty milliseconds for each item."""

    def compute(self, batch: Sequence[Item]) -> list[Verdict]:
        time.sleep(0.02 * len(batch))
        return Counted.compute(self, batch)


def computed(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []
