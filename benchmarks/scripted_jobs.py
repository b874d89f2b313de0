"""The work of stages without pictures: results follow from the ids of synthetic rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import synthetic_rows
from unirain_core.artefacts.schemas import ManifestRow
from unirain_core.distill.ballots import Answer, Ballot
from unirain_core.distill.inspection import Inspection
from unirain_core.distill.judging import HALF
from unirain_core.engine.jobs import Failed
from unirain_core.engine.pools import Device
from unirain_core.engine.store import digest


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedInspection:
    """Inspections without pictures."""

    algorithm: str = "1"
    output: type[Inspection] = Inspection
    device: Device = "cpu"
    batch: int | None = None

    def key(self, row: ManifestRow) -> str:
        """As the key of an inspection."""
        return digest(row.input_hash, row.target_hash, row.halves, 10**8)

    def place(self, row: ManifestRow) -> tuple[str, str]:
        """Dataset and id."""
        return row.dataset, row.pair_id

    def compute(self, batch: Sequence[ManifestRow]) -> list[Inspection]:
        """Inspections that follow from the ids."""
        return synthetic_rows.inspections(batch)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedVotes:
    """A judge that sees no pictures."""

    judge: str
    algorithm: str = "1"
    output: type[Answer] = Answer
    device: Device = "cpu"
    batch: int | None = None
    cost: None = None

    def key(self, ballot: Ballot) -> str:
        """As the key of an answer."""
        references = tuple(picture.content_hash for picture in ballot.references)
        query = ballot.query.content_hash, ballot.query.half
        return digest(self.judge, "0123456789abcdef", (query, *references))

    def place(self, ballot: Ballot) -> tuple[str, str]:
        """Dataset and id."""
        return ballot.dataset, ballot.id

    def compute(self, batch: Sequence[Ballot]) -> list[Answer]:
        """Answers that follow from the ids."""
        responses = synthetic_rows.responses([ballot.id for ballot in batch], self.judge)
        return [
            Answer(
                pair_id=ballot.id,
                judge=self.judge,
                p_yes=response.p_yes,
                mass=response.mass,
                reply=response.reply,
                reason=response.reason,
                prompt_hash="0123456789abcdef",
            )
            for ballot, response in zip(batch, responses, strict=True)
        ]

    def abstention(self, ballot: Ballot, failed: Failed) -> Answer:
        """No question fails, so that this stands for no answer."""
        return Answer(
            pair_id=ballot.id,
            judge=self.judge,
            p_yes=HALF,
            mass=0.0,
            reply="",
            reason=failed.detail,
            prompt_hash="0123456789abcdef",
        )
