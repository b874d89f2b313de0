"""Judges that are shown no references, as `only_vlm` of Table 4 asks, on a tiny model of a real architecture."""

from dataclasses import replace

import pytest

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
pytest.importorskip("transformers")
pytest.importorskip("open_clip")
pytest.importorskip("sentencepiece")
import shutil  # noqa: E402

from tests.distill.judges.tiny import ROOT  # noqa: E402
from tests.distill.tiny_models import make_llava  # noqa: E402
from tests.engine.in_process import InProcess  # noqa: E402
from tests.stages.voted_pool import JUDGES, PAIRS, project_in  # noqa: E402
from unirain_core.artefacts import paths, tables  # noqa: E402
from unirain_core.artefacts.schemas import Dropped, Verdict, Vote  # noqa: E402
from unirain_core.config.models import Llava  # noqa: E402
from unirain_core.config.sections import JudgeName, VlmVotes  # noqa: E402
from unirain_core.engine import rows  # noqa: E402
from unirain_core.errors import ConfigError  # noqa: E402
from unirain_core.stages import vlm_votes  # noqa: E402
from unirain_core.stages.vote_questions import Hearing, alone_jobs  # noqa: E402

MODELS = {"llava": Llava(weights="llava", revision="1", precision="float32", batch=2)}
PARAMS = VlmVotes(judges=(JudgeName("llava"),))
ALONE = Hearing(stage="alone", out="data/alone", report="reports/alone.json", is_alone=True)


@pytest.fixture
def project(tmp_path, monkeypatch):
    return project_in(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    home = tmp_path_factory.mktemp("models")
    make_llava(home / "llava", is_outspoken=True)
    return home


@pytest.fixture
def with_prompt(project, weights, monkeypatch):
    monkeypatch.setenv("UNIRAIN_MODELS", str(weights))
    monkeypatch.setattr(rows, "make_engine", InProcess)
    (project / paths.PROMPT).parent.mkdir()
    shutil.copy(ROOT / paths.PROMPT, project / paths.PROMPT)
    return project


def ask(root, params=PARAMS):
    vlm_votes.decide(root, alone_jobs(root, params.judges, MODELS, vlm_votes.ALGORITHM), params, ALONE)
    return tables.read(root / "data/alone/votes.parquet", Vote)


def test_every_pair_is_judged_alone_by_other_words_than_with_its_references(with_prompt):
    alone = ask(with_prompt)
    vlm_votes.run(with_prompt, judge_models=MODELS, vlm_votes=PARAMS)
    beside = tables.read(with_prompt / "data/votes/votes.parquet", Vote)

    assert list(PAIRS) == [vote.pair_id for vote in alone] == [vote.pair_id for vote in beside]
    assert alone[0].prompt_hash != beside[0].prompt_hash
    assert all(a.p_yes != b.p_yes for a, b in zip(alone, beside, strict=True))
    assert list(PAIRS) == [
        row.pair_id for row in tables.read(with_prompt / "data/alone/verdicts.parquet", Verdict)
    ]


def test_a_pair_without_a_triplet_is_asked_about_too_and_references_are_not_read(with_prompt):
    gone = Dropped(pair_id="two/c", dataset="two", reason="out_of_memory", other=None)
    tables.write(with_prompt / "data/triplets/dropped.parquet", [gone], Dropped)
    shutil.rmtree(with_prompt / "data/references")

    assert list(PAIRS) == [vote.pair_id for vote in ask(with_prompt)]
    assert [] == tables.read(with_prompt / "data/alone/dropped.parquet", Dropped)


def test_thresholds_follow_the_photos_that_are_judged_alone(with_prompt):
    votes = ask(with_prompt, replace(PARAMS, accept_share=1.0))
    photos = tables.read(with_prompt / "data/alone/photos.parquet", Vote)

    assert 3 == len(photos)
    assert {min(photo.p_yes for photo in photos)} == {vote.threshold for vote in votes}


def test_a_stand_in_cannot_be_asked_without_references_and_a_model_can(with_prompt):
    with pytest.raises(ConfigError, match=r"cannot be asked without any; name judges of judge_models"):
        alone_jobs(with_prompt, JUDGES.judges, MODELS, vlm_votes.ALGORITHM)
    assert 1 == len(alone_jobs(with_prompt, PARAMS.judges, MODELS, vlm_votes.ALGORITHM))
