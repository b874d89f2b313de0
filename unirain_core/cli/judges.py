"""`unirain judge-figures`: the votes against what a sample corpus knows of its pictures."""

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from unirain_core.artefacts import paths
from unirain_core.artefacts.schemas import Vote
from unirain_core.cli.project import current_root
from unirain_core.distill.confusion import Outcome, lines
from unirain_core.errors import MissingInputError
from unirain_core.standins.rain.corpus import LEDGER


def judge_figures() -> None:
    """Print how much good rain each judge and the majority keep, and how much planted rain they catch.

    Only sample corpora know which rain was planted; nothing in the pipeline reads what this prints.

    Raises:
        MissingInputError: no sample corpus has been rendered.
        MissingArtefactError: there are no votes yet.
    """
    from unirain_core.artefacts import tables  # pyarrow is in no plain installation, and `derain` needs none

    root = current_root()
    labels = _labels(root / paths.common(paths.SAMPLE_CORPUS))
    votes = tables.read(root / paths.VOTES / "votes.parquet", Vote)
    judges = list(dict.fromkeys(vote.judge for vote in votes))
    ballots: dict[str, dict[str, bool | None]] = {}
    for vote in votes:
        ballots.setdefault(vote.pair_id, {})[vote.judge] = vote.vote
    outcomes: list[Outcome] = []
    for pair_id, (rain_type, kind) in labels.items():
        if pair_id in ballots:
            ballot = ballots[pair_id]
            outcomes.append(Outcome(rain_type, kind, tuple(ballot[judge] for judge in judges)))
    print("\n".join(lines(outcomes, judges)))
    print(
        f"\n{len(outcomes)} of {len(labels)} good and planted pairs were judged; the others were dropped before"
    )


def _labels(folder: Path) -> Mapping[str, tuple[str, str]]:
    """Pair_id to rain type and planted kind, empty for good rain; pairs with faults of integrity are left out."""
    from unirain_core.standins.rain.ledger import GOOD, NOT_JUDGED  # loads pyarrow too

    ledgers = sorted(folder.glob(f"*/{LEDGER}"))
    if not ledgers:
        raise MissingInputError(
            f"{folder} holds no {LEDGER}: only a sample corpus knows its planted rain; "
            "name one under sample_corpora in params.yaml and run `dvc repro sample_corpus`"
        )
    labels: dict[str, tuple[str, str]] = {}
    for ledger in ledgers:
        for entry in json.loads(ledger.read_text(encoding="utf-8")):
            if entry["what"] not in NOT_JUDGED:
                pair_id = str(PurePosixPath(entry["input"]).with_suffix(""))
                labels[pair_id] = (entry["rain_type"], "" if entry["what"] == GOOD else entry["what"])
    return labels
