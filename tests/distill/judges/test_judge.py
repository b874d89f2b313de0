"""The contract of a judge: what it is shown, and what its answers bear of it."""

from dataclasses import dataclass, fields, replace

from unirain_core.distill.judges.judge import Judge, Question, Response, prompt_hash
from unirain_core.engine.pools import Device


@dataclass(frozen=True)
class Model:
    """Stands for a judge that is a model."""

    name: str = "model"
    prompt: str = "Is the rain of the first picture as real as that of the others? Answer yes or no."
    version: str = "weights of May"
    device: Device = "gpu"
    batch: int = 4

    def judge(self, questions):
        return [Response(p_yes=0.5, mass=1.0, reply="", reason="") for _ in questions]


def test_nothing_but_the_query_and_its_references_can_reach_a_judge():
    assert ["query", "references"] == [field.name for field in fields(Question)]


def test_an_answer_bears_the_judges_prompt_and_version_and_not_where_or_how_many_at_once():
    judge: Judge = Model()
    others = [replace(Model(), prompt="Yes or no?"), replace(Model(), version="weights of June")]

    assert 3 == len({prompt_hash(j) for j in (judge, *others)})
    assert prompt_hash(judge) == prompt_hash(replace(Model(), device="cpu", batch=1))


def test_a_judge_without_a_prompt_is_known_by_its_version_alone():
    assert "weights of May" == prompt_hash(replace(Model(), prompt=""))
