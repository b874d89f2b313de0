"""Put many questions to a server that fails in every way: each ends as one vote, or as one abstention with its reason.

    python -m benchmarks.judge_requests --requests 1000 --seed 0

The server is our own, on this machine (`benchmarks/judge_endpoint.py`). What it does with a request is drawn from the seed,
the question and how often it was asked: it answers, hangs up before or inside an answer, is slow, drips, refuses (429, 500,
400), ignores `logprobs` with status 200, or talks nonsense. In the middle it dies, and stands again on its port a second later.
The judge is that of the pipeline, with half a second before the second try.
"""

import argparse
import hashlib
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event, Thread

import numpy as np
import polars as pl

from benchmarks.judge_endpoint import Endpoint
from unirain_core.artefacts.picture import Picture
from unirain_core.artefacts.roots import Roots
from unirain_core.config.load import load_prompt
from unirain_core.config.models import HttpJudge
from unirain_core.config.sections import JudgeName
from unirain_core.distill.ballots import Answer, Ballot, vote_job
from unirain_core.distill.judges.http import EndpointJudge
from unirain_core.distill.judges.judge import Question
from unirain_core.distill.judging import HALF, with_votes
from unirain_core.engine.jobs import Failed

SHARES = {
    "drop": 0.04, "cut": 0.04, "slow": 0.03, "drip": 0.03, "429": 0.05, "500": 0.05, "refuse": 0.02, "no_logprobs": 0.02,
    "nonsense": 0.01, "page": 0.01,
}  # fmt: skip
"""How many of the requests end in each way; the others are answered."""
DOWN_S = 1.0
VARIABLE = "UNIRAIN_REQUESTS_URL"
_PROMPT = Path(__file__).parents[1] / "prompts/rain.yaml"


@dataclass(slots=True)
class Script:
    """What the server does with each request; the first one, by which the judge looks at the server, is answered."""

    seed: int
    dies_at: int
    """The request after which it dies."""
    dies: Event = field(default_factory=Event)
    tries: Counter[str] = field(default_factory=Counter)

    def __call__(self, number: int, question: str) -> str:
        """A word of `Endpoint`."""
        if number == self.dies_at:
            self.dies.set()
            return "drop"
        self.tries[question] += 1  # a question is asked by one thread at a time
        drawn = f"{self.seed} {question} {self.tries[question]}".encode()
        place = int.from_bytes(hashlib.sha256(drawn).digest()[:8], "big") / 2**64
        for deed, share in SHARES.items():
            place -= share
            if place < 0 and number:
                return deed
        return "answer"


@contextmanager
def dying_server(endpoint: Endpoint, dies: Event) -> Iterator[str]:
    """The address of a server that is gone for a while when it is told to die, and stands on the same port again."""
    address, ends = Event(), Event()
    found: list[str] = []

    def serve() -> None:
        with endpoint.running() as first:
            found.append(first)
            address.set()
            while not dies.wait(0.05) and not ends.is_set():
                pass
        if not ends.wait(DOWN_S):
            with endpoint.running(int(first.split(":")[2].split("/")[0])):
                ends.wait()

    thread = Thread(target=serve, daemon=True)
    thread.start()
    address.wait()
    try:
        yield found[0]
    finally:
        ends.set()
        thread.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of all questions."""

    answers: pl.DataFrame
    """The columns of `Answer`, with `vote`: one row for each question that ended."""
    n_requests: int
    deeds: Counter[str]
    """What the server did."""
    answered_twice: int
    """Questions that the server answered more than once."""
    seconds: float

    def reasons(self) -> Counter[str]:
        """Why questions ended as abstentions."""
        silent = self.answers.filter(pl.col("vote").is_null())
        return Counter(_kind(reason) for reason in silent["reason"])


def _kind(reason: str) -> str:
    """A reason without what differs from one question to the next."""
    for words in (
        "an answer that is none",
        "gives no logprobs",
        "refuses questions",
        "no answer within",
        "status",
    ):
        if words in reason:
            return words
    return "the connection ended"


def asked(n_questions: int, seed: int) -> Outcome:
    """Put the questions to the failing server, batch after batch as the engine does.

    Args:
        n_questions: how many.
        seed: of the pictures and of the faults.
    """
    script = Script(seed, dies_at=n_questions // 2)
    endpoint = Endpoint(script, slow_s=4.5)
    prompt = load_prompt(_PROMPT)
    model = HttpJudge(model="m", revision="1", address=VARIABLE, batch=16, timeout_s=3.0, tries=4)
    begin = time.monotonic()
    with dying_server(endpoint, script.dies) as address:
        os.environ[VARIABLE] = address
        judge = EndpointJudge("far", model, prompt, n_references=3)
        del os.environ[VARIABLE]
        answers = votes_of(judge, n_questions, seed)
    twice = sum(count > 1 for count in endpoint.answered.values())
    return Outcome(
        answers=answers,
        n_requests=endpoint.n_requests,
        deeds=endpoint.deeds,
        answered_twice=twice,
        seconds=time.monotonic() - begin,
    )


def votes_of(judge: EndpointJudge, n_questions: int, seed: int) -> pl.DataFrame:
    """The answers to questions about small pictures of noise, with their votes, as stage vlm_votes forms them."""
    rng = np.random.default_rng(seed)
    job = vote_job(JudgeName(judge.name), partial(_same, judge), Roots(Path()), "benchmark")
    answers: list[Answer] = []
    for start in range(0, n_questions, judge.batch):
        ballots = [_ballot(number) for number in range(start, min(start + judge.batch, n_questions))]
        pictures = rng.integers(0, 256, (len(ballots), 4, 8, 8, 3), dtype=np.uint8)
        questions = [Question(shown[0], list(shown[1:])) for shown in pictures]
        for ballot, result in zip(ballots, job.compute_loaded(ballots, questions), strict=True):
            answers.append(job.abstention(ballot, result) if isinstance(result, Failed) else result)
    return with_votes(pl.DataFrame(answers), {judge.name: HALF})


def _same(judge: EndpointJudge) -> EndpointJudge:
    return judge


def _ballot(number: int) -> Ballot:
    picture = Picture(root="", path=f"{number}.png", content_hash=str(number))
    return Ballot(f"pair/{number}", "pair", picture, ())


def main() -> None:
    """Print what became of the questions; end with 1 where one is lost, doubled or without a reason."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=1000, help="questions (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="of pictures and faults (default: 0)")
    options = parser.parse_args()
    outcome = asked(options.requests, options.seed)
    answers, reasons = outcome.answers, outcome.reasons()
    n_votes = answers["vote"].count()
    print(f"{options.requests} questions, {outcome.n_requests} requests, {outcome.seconds:.0f} s")
    print(f"the server: {dict(outcome.deeds.most_common())}")
    print(f"votes {n_votes}, abstentions {reasons.total()}: {dict(reasons.most_common())}")
    print(f"questions that ended twice {len(answers) - answers['pair_id'].n_unique()}")
    print(f"questions that the server answered twice {outcome.answered_twice}")
    is_whole = len(answers) == answers["pair_id"].n_unique() == options.requests == n_votes + reasons.total()
    raise SystemExit(0 if is_whole and not outcome.answered_twice else 1)


if __name__ == "__main__":
    main()
