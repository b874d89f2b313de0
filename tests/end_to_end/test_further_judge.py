"""A further judge goes into a copy of the program: one file and one line. A name that nothing bears is refused at every door."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.stages.voted_pool import PAIRS, fill
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Vote

ROOT = Path(__file__).parents[2]
JUDGE = '''
"""A judge that looks at how bright a picture is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from unirain_core.distill.judges.judge import Judge, Question, Response
from unirain_core.engine.pools import Device


@dataclass(frozen=True, slots=True)
class Brightness:
    """Says yes where a picture is no brighter than its references."""

    name: str = "brightness"
    prompt: str = "Is the first picture as dark as the others? Answer yes or no."
    version: str = "1"
    device: Device = "cpu"
    batch: int = 2

    def judge(self, questions: Sequence[Question]) -> list[Response]:
        """One answer to each question."""
        assert len(questions) <= self.batch
        return [self._answer(question) for question in questions]

    def _answer(self, question: Question) -> Response:
        brightest = max(float(reference.mean()) for reference in question.references)
        p_yes = 1.0 if question.query.mean() <= brightest else 0.0
        return Response(p_yes=p_yes, mass=1.0, reply="", reason=f"{question.query.mean():.3f}")


JUDGES: Mapping[str, Callable[[], Judge]] = {"brightness": Brightness}
'''
FILE = "unirain_core/distill/judges/brightness.py"
LINE = "from unirain_core.distill.judges import brightness\n"
WITH_IT = "[statistics/directional, brightness, statistics/photometric]"
SHIPPED = "[statistics/directional, statistics/nss, statistics/photometric]"


@pytest.fixture
def program(tmp_path):
    """A project with a copy of the program, whose params name the further judge."""
    shutil.copytree(
        ROOT / "unirain_core", tmp_path / "unirain_core", ignore=shutil.ignore_patterns("__pycache__")
    )
    params = (ROOT / "params.yaml").read_text(encoding="utf-8")
    assert SHIPPED in params
    (tmp_path / "params.yaml").write_text(params.replace(SHIPPED, WITH_IT), encoding="utf-8")
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)  # `prepare` wants it
    fill(tmp_path)
    return tmp_path


def unirain(program, *arguments):
    environment = os.environ | {
        "PYTHONPATH": str(program),
        "UNIRAIN_WORKERS": "1",
        "UNIRAIN_HOME": str(program / "home"),
    }
    command = [sys.executable, "-m", "unirain_core.cli.main", *arguments]
    return subprocess.run(
        command, cwd=program, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.mark.slow
def test_a_further_judge_is_one_file_and_one_line_and_votes(program):
    (program / FILE).write_text(JUDGE.lstrip(), encoding="utf-8")
    files = program / "unirain_core/stages/judge_files.py"
    files.write_text(files.read_text(encoding="utf-8") + LINE, encoding="utf-8")
    time.sleep(0.1)  # what is written in the same moment as the stage begins counts as edited meanwhile
    answer = unirain(program, "run", "vlm_votes")
    assert answer.returncode == 0, answer.stderr

    votes = tables.read(program / "data/votes/votes.parquet", Vote)
    own = [vote for vote in votes if vote.judge == "brightness"]
    assert [*PAIRS] == [vote.pair_id for vote in own]
    # noise of equal distribution: the means say which is brighter, and they differ in the second digit at most
    assert all(120 < float(vote.reason) < 135 for vote in own)
    assert all(vote.p_yes in (0.0, 1.0) for vote in own)
    assert 1 == len({vote.prompt_hash for vote in own})
    assert ["statistics/directional", "brightness", "statistics/photometric"] == [
        vote.judge for vote in votes[:3]
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [("run", "vlm_votes"), ("run", "raw_datasets"), ("prepare",), ("datasets", "check")],
    ids=" ".join,
)
def test_a_judge_that_is_not_there_is_refused_when_params_are_read(program, command):
    answer = unirain(program, *command)
    said = " ".join(answer.stderr.split())

    assert answer.returncode != 0
    assert "params.yaml: vlm_votes.judges.1: 'brightness' is not one of statistics/directional" in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_misspelt_judge_is_answered_with_the_nearest_and_its_name_mends(program):
    params = program / "params.yaml"
    text = params.read_text(encoding="utf-8")
    params.write_text(text.replace("brightness", "statistics/nsss"), encoding="utf-8")
    said = " ".join(unirain(program, "run", "vlm_votes").stderr.split())
    assert "nearest known: statistics/nss; correct the name" in said

    params.write_text(text.replace("brightness", "statistics/nss"), encoding="utf-8")
    assert unirain(program, "run", "vlm_votes").returncode == 0
