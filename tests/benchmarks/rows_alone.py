"""The work across rows without the engine: what each step's process takes at most is printed, in bytes."""

import sys
from pathlib import Path

from benchmarks import scale, synthetic_rows
from unirain_core.artefacts import paths, tables
from unirain_core.artefacts.schemas import Dropped, ManifestRow, Pair, Verdict
from unirain_core.config.sections import VerifiedPairs
from unirain_core.stages import verified_pairs


def verify(root):
    """The stage verified_pairs, but for the measuring of pictures."""

    def windows():
        for piece in tables.batches(root / paths.RAW / "manifest.parquet", ManifestRow):
            rows = tables.rows_of(piece, ManifestRow)
            yield rows, synthetic_rows.inspections(rows)

    verified_pairs.verify(root, windows(), VerifiedPairs(), scale.RAIN_TYPES)


def judge(root):
    """Verdicts on all pairs: of ten pairs nine are accepted."""
    with tables.writer(root / paths.VOTES / "verdicts.parquet", Verdict) as table:
        for piece in tables.batches(root / paths.VERIFIED / "pairs.parquet", Pair, ["pair_id"]):
            names = piece.column("pair_id").to_pylist()
            table.rows([verdict(name) for name in names])
    tables.write(root / paths.VOTES / "dropped.parquet", [], Dropped)


def verdict(name):
    """One verdict."""
    good = synthetic_rows.number_of(name) % 10 != 3
    return Verdict(pair_id=name, yes=3 * good, no=3 - 3 * good, abstained=0, verdict=good, calls=2)


def split(root):
    """The stage rainrag_split."""
    scale.split(root, 0)


if __name__ == "__main__":
    {"verify": verify, "judge": judge, "split": split}[sys.argv[1]](Path(sys.argv[2]))
    sys.stdout.write(str(scale.peak()))
