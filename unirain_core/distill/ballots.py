"""Ballots: which judge is asked about which picture, with which references, and the work that asks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Pair, RealPhoto, Reference, Vote
from unirain_core.config.sections import JudgeName
from unirain_core.distill.judges.judge import Judge
from unirain_core.distill.judging import HALF, judge_pair
from unirain_core.engine.jobs import Failed
from unirain_core.engine.pools import Device
from unirain_core.engine.store import digest
from unirain_core.errors import SchemaError
from unirain_core.imaging.codec import RgbImage
from unirain_core.imaging.pairs import read_rainy

DECODED = 32
"""Decoded pictures that a worker keeps: neighbouring ballots share query and references."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFile:
    """A rainy picture's file; the clean side has no place on a ballot."""

    root: str
    input: str
    halves: str | None
    """Left or right: the clean half of a picture that holds both."""
    input_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """One judge's question on one pair, or on one photo of D_r."""

    pair_id: str
    dataset: str
    judge: JudgeName
    prompt_hash: str
    query: PictureFile
    references: tuple[PictureFile, ...]
    """Best first."""

    @property
    def key(self) -> str:
        """Everything that determines the vote, apart from the pair that it bears."""
        pictures = ((self.query.input_hash, self.query.halves), *(r.input_hash for r in self.references))
        return digest(self.judge, self.prompt_hash, pictures)

    @property
    def place(self) -> tuple[str, str]:
        """Dataset and id: a pair's ballots share a shard."""
        return self.dataset, self.pair_id


def ballots_of(
    asked: Sequence[Pair] | Sequence[RealPhoto],
    photos: Sequence[RealPhoto],
    references: Sequence[Reference],
    prompt_hashes: Mapping[JudgeName, str],
) -> list[Ballot]:
    """One ballot for every pair (or photo) that is asked about and every judge, in the order of both.

    Args:
        asked: the pairs or photos of the questions.
        photos: the verified photos of D_r.
        references: S(q) of everything that is asked about.
        prompt_hashes: each judge with its `Judge.prompt_hash`.

    Raises:
        SchemaError: one has no references, or a reference is no verified photo.
    """
    files = {photo.photo_id: _file(photo) for photo in photos}
    ranked: dict[str, list[str]] = {}
    for reference in sorted(references, key=lambda r: (r.pair_id, r.rank)):
        ranked.setdefault(reference.pair_id, []).append(reference.reference_id)
    return [
        Ballot(
            pair_id=name,
            dataset=row.dataset,
            judge=judge,
            prompt_hash=prompt_hash,
            query=_file(row),
            references=_references(name, ranked, files),
        )
        for row in asked
        for name in [row.pair_id if isinstance(row, Pair) else row.photo_id]
        for judge, prompt_hash in prompt_hashes.items()
    ]


def _file(row: Pair | RealPhoto) -> PictureFile:
    halves = row.halves if isinstance(row, Pair) else None
    return PictureFile(root=row.root, input=row.input, halves=halves, input_hash=row.input_hash)


def _references(
    pair_id: str, ranked: Mapping[str, Sequence[str]], files: Mapping[str, PictureFile]
) -> tuple[PictureFile, ...]:
    names = ranked.get(pair_id, ())
    unknown = [name for name in names if name not in files]
    if unknown or not names:
        found = f"unverified references {unknown}" if unknown else "no references"
        raise SchemaError(f"{pair_id} has {found}; run `dvc repro --force retrieved_references`")
    return tuple(files[name] for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class CastVotes:
    """The per-ballot work: a new reference photo costs only the votes that it touches."""

    make_judge: Callable[[JudgeName], Judge]
    """Makes a judge in each process; what it returns is not pickled."""
    roots: Roots
    algorithm: str
    output: type[Vote] = Vote
    device: Device = "cpu"
    batch: int | None = None

    def key(self, ballot: Ballot) -> str:
        """Everything that determines the vote, apart from the pair that it bears."""
        return ballot.key

    def place(self, ballot: Ballot) -> tuple[str, str]:
        """Dataset and id: a pair's ballots share a shard."""
        return ballot.place

    def compute(self, batch: Sequence[Ballot]) -> list[Vote]:
        """One vote for each ballot."""

        @lru_cache(maxsize=DECODED)
        def picture(file: PictureFile) -> RgbImage:
            path = self.roots.path(file.root, file.input)
            return read_rainy(path, file.halves, listed=file.input_hash)

        return [self._vote(b, picture(b.query), [picture(r) for r in b.references]) for b in batch]

    def _vote(self, ballot: Ballot, query: RgbImage, references: Sequence[RgbImage]) -> Vote:
        answer = judge_pair(self.make_judge(ballot.judge), query, references)
        return Vote(
            pair_id=ballot.pair_id,
            judge=ballot.judge,
            vote=answer.vote,
            p_yes=answer.response.p_yes,
            threshold=HALF,
            mass=answer.response.mass,
            reply=answer.response.reply,
            reason=answer.response.reason,
            prompt_hash=ballot.prompt_hash,
        )


def votes_of(ballots: Sequence[Ballot], results: Sequence[Vote | Failed]) -> list[Vote]:
    """One vote for each ballot; a question that could not be asked is an abstention with its reason."""
    votes: list[Vote] = []
    for ballot, result in zip(ballots, results, strict=True):
        if isinstance(result, Failed):
            votes.append(_abstention(ballot, result))
        else:
            votes.append(result)
    return votes


def _abstention(ballot: Ballot, failure: Failed) -> Vote:
    return Vote(
        pair_id=ballot.pair_id,
        judge=ballot.judge,
        vote=None,
        p_yes=HALF,
        threshold=HALF,
        mass=0.0,  # no answer was given: whatever the threshold becomes, it stays an abstention
        reply="",
        reason=f"{failure.reason}: {failure.detail}",
        prompt_hash=ballot.prompt_hash,
    )
