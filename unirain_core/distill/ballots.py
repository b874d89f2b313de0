"""Ballots: the pictures and references that a judge is asked about, and the per-row work of asking it."""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import Any, ClassVar, Protocol

import numpy as np
import polars as pl
import pyarrow as pa

from unirain_core.artefacts.picture import Picture
from unirain_core.artefacts.reasons import REASONS
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Vote
from unirain_core.config.sections import JudgeName
from unirain_core.distill.costs import Cost, Costed
from unirain_core.distill.judges.judge import Judge, Question, Response, Unanswered, prompt_hash
from unirain_core.distill.judging import HALF
from unirain_core.distill.preparing import Preparing, as_it_is, preparation
from unirain_core.distill.rainy import Rainy
from unirain_core.engine.jobs import Failed, Finished, Job
from unirain_core.engine.pools import Device
from unirain_core.engine.store import digest
from unirain_core.errors import SchemaError
from unirain_core.imaging import pairs
from unirain_core.imaging.codec import RgbImage

RANKED = ("pair_id", "rank", "reference_id")
"""Columns of the references that a ballot needs."""

_MEND = "run `dvc repro --force retrieved_references`"


@dataclass(frozen=True, slots=True)
class Ballot:
    """A pair, or a photo of D_r, that a judge is asked about; the clean side has no place on it."""

    id: str
    """A pair_id or photo_id."""
    dataset: str
    query: Picture
    references: tuple[Picture, ...]
    """Best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One judge's answer on one ballot; the vote is formed when the judge's threshold is there."""

    PRODUCER: ClassVar[str] = Vote.PRODUCER

    pair_id: str
    """As in Vote."""
    judge: str
    """As in Vote."""
    p_yes: float
    """As in Vote."""
    mass: float
    """As in Vote."""
    reply: str
    """As in Vote."""
    reason: str
    """As in Vote."""
    prompt_hash: str
    """As in Vote."""


def ballots(
    asked: Iterable[Sequence[Rainy]], photos: Mapping[str, Picture], references: Iterable[pa.Table]
) -> Iterator[list[Ballot]]:
    """One ballot for every picture that is asked about, in their order and batches.

    Args:
        asked: the pictures of the questions.
        photos: the verified photos of D_r by their ids.
        references: the columns RANKED of S(q), in the order of what is asked about.

    Raises:
        SchemaError: a picture has no references in its place, or a reference is no verified photo.
    """
    of_queries = _ranked(references)
    for batch in asked:
        drawn: list[Ballot] = []
        for row in batch:
            query, ranked = next(of_queries, ("", []))
            if query != row.id:
                raise SchemaError(f"{row.id} has no references; {_MEND}")
            drawn.append(Ballot(row.id, row.dataset, row.picture, _pictures(row.id, ranked, photos)))
        yield drawn


def alone_ballots(asked: Iterable[Sequence[Rainy]]) -> Iterator[list[Ballot]]:
    """Ballots without references, in the order and the batches of what is asked about: the prompt's `alone` is asked."""
    for batch in asked:
        yield [Ballot(row.id, row.dataset, row.picture, ()) for row in batch]


def blind_ballots(
    asked: Iterable[Sequence[Rainy]], photos: Mapping[str, Picture], *, count: int, seed: int
) -> Iterator[list[Ballot]]:
    """Ballots whose references are drawn blindly, in the order and the batches of what is asked about.

    Args:
        asked: the pictures of the questions.
        photos: the verified photos of D_r by their ids; a photo is no reference of itself.
        count: references of each question, or fewer where there are not so many.
        seed: with a picture's id it decides which.
    """
    names = sorted(photos)
    for batch in asked:
        drawn: list[Ballot] = []
        for row in batch:
            hashed = int.from_bytes(hashlib.sha256(f"{seed}:{row.id}".encode()).digest()[:8])
            few = min(count + 1, len(names))  # one more, since the picture itself may be among them
            places = np.random.default_rng(hashed).choice(len(names), few, replace=False)
            others = [names[place] for place in places if names[place] != row.id][:count]
            drawn.append(Ballot(row.id, row.dataset, row.picture, tuple(photos[name] for name in others)))
        yield drawn


def _ranked(references: Iterable[pa.Table]) -> Iterator[tuple[str, list[str]]]:
    """Each query with the photos that it refers to, best first."""
    for query, of_query in groupby(_rows(references), key=itemgetter(0)):
        yield query, [photo for _, _, photo in sorted(of_query, key=itemgetter(1))]


def _rows(references: Iterable[pa.Table]) -> Iterator[tuple[str, int, str]]:
    """(query, rank, photo) of every row."""
    for table in references:
        columns = (table.column(name).to_pylist() for name in RANKED)
        yield from zip(*columns, strict=True)


def _pictures(query: str, ranked: Sequence[str], photos: Mapping[str, Picture]) -> tuple[Picture, ...]:
    unknown = [name for name in ranked if name not in photos]
    if unknown:
        raise SchemaError(f"{query} has unverified references {unknown}; {_MEND}")
    return tuple(photos[name] for name in ranked)


class VoteJob(Job[Ballot, Answer], Protocol):
    """The per-row work of a judge."""

    @property
    def cost(self) -> Cost | None:
        """Of one question; None where it is not known, as of stand-ins and served models."""
        ...

    def abstention(self, ballot: Ballot, failed: Failed) -> Answer:
        """What stands for the answer to a question that could not be asked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CastVotes:
    """What one judge is asked; a new reference photo costs only the questions that it touches."""

    judge: JudgeName
    make_judge: Callable[[], Judge]
    """Makes the judge in each process; what it returns is not pickled."""
    prompt_hash: str
    """Of the judge."""
    roots: Roots
    algorithm: str
    device: Device
    batch: int
    prepare: Callable[[Question], Any] = as_it_is
    """Makes of a question what the judge is given. It holds no weights, so a process that loads ahead needs none."""
    cost: Cost | None = None
    """Of one question; None: not known."""
    output: type[Answer] = Answer

    def key(self, ballot: Ballot) -> str:
        """Everything that determines the answer, apart from the pair that it bears."""
        references = tuple(picture.content_hash for picture in ballot.references)
        query = ballot.query.content_hash, ballot.query.half
        return digest(self.judge, self.prompt_hash, (query, *references))

    def place(self, ballot: Ballot) -> tuple[str, str]:
        """Dataset and id."""
        return ballot.dataset, ballot.id

    def load(self, ballot: Ballot) -> Any:  # noqa: ANN401 (whatever the judge takes)
        """What the judge is given of a ballot."""
        query, *references = [
            pairs.read(picture, self.roots) for picture in (ballot.query, *ballot.references)
        ]
        return self.prepare(Question(query, references))

    def compute(self, batch: Sequence[Ballot]) -> list[Answer | Failed]:
        """One answer to each ballot; the judge is asked once, and each picture is decoded once."""
        pixels: dict[Picture, RgbImage] = {}
        prepared: list[Any] = []
        for ballot in batch:
            for picture in (ballot.query, *ballot.references):
                if picture not in pixels:
                    pixels[picture] = pairs.read(picture, self.roots)
            references = [pixels[picture] for picture in ballot.references]
            prepared.append(self.prepare(Question(pixels[ballot.query], references)))
        return self.compute_loaded(batch, prepared)

    def compute_loaded(self, batch: Sequence[Ballot], prepared: Sequence[Any]) -> list[Answer | Failed]:
        """As `compute`, of ballots that are loaded."""
        judge = self.make_judge()
        responses: Sequence[Response | Unanswered] = (
            judge.of_prepared(prepared) if isinstance(judge, Preparing) else judge.judge(prepared)
        )
        answers: list[Answer | Failed] = []
        for ballot, response in zip(batch, responses, strict=True):
            if isinstance(response, Unanswered):
                answers.append(Failed("unanswered", response.detail))
            else:
                answers.append(self._answer(ballot, _of_numbers(response)))
        return answers

    def abstention(self, ballot: Ballot, failed: Failed) -> Answer:
        """What stands for the answer to a question that could not be asked."""
        reason = f"{failed.reason}: {failed.detail}"
        # no mass: whatever the threshold becomes, it stays an abstention
        return self._answer(ballot, Response(p_yes=HALF, mass=0.0, reply="", reason=reason))

    def _answer(self, ballot: Ballot, response: Response) -> Answer:
        return Answer(
            pair_id=ballot.id,
            judge=self.judge,
            p_yes=response.p_yes,
            mass=response.mass,
            reply=response.reply,
            reason=response.reason,
            prompt_hash=self.prompt_hash,
        )


def _of_numbers(response: Response) -> Response:
    """The response, or an abstention in its place where p_yes or mass is no number.

    A model that overflows answers NaN, and so does 0 / 0 where it says neither yes nor no. Polars takes NaN for more than any
    threshold, so it would count as a yes.
    """
    if math.isfinite(response.p_yes) and math.isfinite(response.mass):
        return response
    reason = f"no number: p_yes {response.p_yes}, mass {response.mass}; {response.reason}"
    return replace(response, p_yes=HALF, mass=0.0, reason=reason)


def vote_job(name: JudgeName, make_judge: Callable[[], Judge], roots: Roots, algorithm: str) -> CastVotes:
    """What one judge of params is asked: a worker then holds one model.

    Args:
        name: of the judge.
        make_judge: a picklable function that gives a process its one judge.
        roots: where the datasets lie.
        algorithm: the version of the stage's algorithm.
    """
    judge = make_judge()
    return CastVotes(
        judge=name,
        make_judge=make_judge,
        prompt_hash=prompt_hash(judge),
        roots=roots,
        algorithm=algorithm,
        device=judge.device,
        batch=judge.batch,
        prepare=preparation(judge),
        cost=judge.cost if isinstance(judge, Costed) else None,
    )


def is_failure(reason: str) -> bool:
    """Whether it is the reason of a question that could not be asked, as `VoteJob.abstention` writes it.

    >>> is_failure("unanswered: timed out"), is_failure("said 'Perhaps'")
    (True, False)
    """
    return reason.partition(": ")[0] in REASONS


def failures(answers: pl.DataFrame) -> Counter[str]:
    """Why questions could not be asked, of the answers that stand for them.

    >>> failures(pl.DataFrame({"reason": ["unanswered: timed out", "", "crashed: no number"]}))
    Counter({'unanswered': 1, 'crashed': 1})
    """
    return Counter(reason.partition(": ")[0] for reason in answers["reason"] if is_failure(reason))


def answers_of(window: Finished[Ballot, Answer], job: VoteJob) -> pl.DataFrame:
    """The columns of Answer in the order of the ballots; a question that could not be asked is an abstention."""
    answers = pl.DataFrame(window.results)
    if not window.failures:
        return answers
    abstentions = [asdict(job.abstention(window.rows[at], failed)) for at, failed in window.failures.items()]
    answered = [at for at in range(len(window.rows)) if at not in window.failures]
    together = pl.concat([answers, pl.DataFrame(abstentions, schema=answers.schema)])
    return together[np.argsort([*answered, *window.failures])]
