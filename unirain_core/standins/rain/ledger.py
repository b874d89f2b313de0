"""What sample corpora know of their pairs, as labels of the person `planted`; only pages and audits read it."""

import json
from pathlib import Path

from unirain_core.artefacts import paths, tables
from unirain_core.artefacts.schemas import Pair
from unirain_core.distill.labels import Label
from unirain_core.distill.trust.truth import PLANTED
from unirain_core.standins.rain.corpus import LEDGER
from unirain_core.standins.rain.items import FAULTS

GOOD = "good"
NOT_JUDGED = frozenset({*FAULTS, "real"})
"""Words of a ledger for pictures that the judges are not there to tell apart."""


def planted(root: Path) -> list[Label]:
    """A label for every verified pair of a sample corpus, by its path in it: a dataset may bear any name."""
    said: dict[tuple[str, str], str] = {}
    for ledger in sorted((root / paths.common(paths.SAMPLE_CORPUS)).glob(f"*/{LEDGER}")):
        for entry in json.loads(ledger.read_text(encoding="utf-8")):
            if entry["what"] not in NOT_JUDGED:
                said[ledger.parent.name, entry["input"]] = entry["what"]
    labels: list[Label] = []
    if said:
        rows = tables.columns(root / paths.VERIFIED / "pairs.parquet", Pair, ["pair_id", "root", "input"])
        for pair_id, corpus, file in rows.iter_rows():
            what = said.get((corpus, file))
            if what is not None:
                labels.append(Label(pair_id, PLANTED, what == GOOD, "" if what == GOOD else what))
    return labels
