"""Pictures that other processes prepare while a model computes: the same votes and triplets, on tiny models."""

import pickle
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
pytest.importorskip("transformers")
pytest.importorskip("open_clip")
pytest.importorskip("sentencepiece")
from tests.distill.judges.golden_models import make_processor  # noqa: E402
from tests.distill.judges.test_any_vlm import INTERLEAVED  # noqa: E402
from tests.distill.judges.tiny import ROOT  # noqa: E402
from tests.distill.tiny_models import make_blip, make_clip, make_internvl, make_llava, make_mobilevlm  # noqa: E402
from tests.engine.in_process import InProcess  # noqa: E402
from tests.stages.test_vlm_votes import project  # noqa: E402, F401
from unirain_core.artefacts import paths  # noqa: E402
from unirain_core.artefacts.roots import Roots  # noqa: E402
from unirain_core.config.models import (  # noqa: E402
    AnyVlm,
    Blip,
    EncoderModel,
    InternVl,
    JudgeModel,
    Llava,
    MobileVlm,
    OpenClip,
)
from unirain_core.config.sections import (  # noqa: E402
    CaptionerName,
    Encoders,
    ImageEncoderName,
    JudgeName,
    TextEncoderName,
    VlmVotes,
)
from unirain_core.distill import rainy  # noqa: E402
from unirain_core.distill.ballots import Ballot  # noqa: E402
from unirain_core.distill.prepared_picture import PreparePicture  # noqa: E402
from unirain_core.distill.triplet import triplet_job  # noqa: E402
from unirain_core.engine import rows  # noqa: E402
from unirain_core.engine.ahead import Ahead  # noqa: E402
from unirain_core.engine.jobs import Failed, Loading  # noqa: E402
from unirain_core.engine.pools import LOADERS  # noqa: E402
from unirain_core.engine.store import WorkStore  # noqa: E402
from unirain_core.imaging import pairs  # noqa: E402
from unirain_core.stages import vlm_votes  # noqa: E402
from unirain_core.stages.encoders import EncoderChoice, make_encoder  # noqa: E402
from unirain_core.stages.vote_questions import vote_jobs  # noqa: E402


@pytest.fixture
def loaded_elsewhere(monkeypatch):
    """What was loaded by other processes; these end with the test."""
    seen, begun = [], set()
    own = Ahead.loaded

    def noted(self, rows, begin, size):
        results = own(self, rows, begin, size)
        seen.extend(results)
        begun.add(self)
        return results

    monkeypatch.setattr(Ahead, "loaded", noted)
    yield seen
    for ahead in begun:
        ahead._executor.shutdown()


SETTINGS: dict[str, Any] = {"revision": "1", "precision": "float32", "batch": 2}
JUDGES: dict[str, JudgeModel] = {
    "internvl": InternVl(weights="internvl/native", **SETTINGS),
    "authors": InternVl(weights="internvl/authors", **SETTINGS),
    "llava": Llava(weights="llava", **SETTINGS),
    "mobilevlm": MobileVlm(weights="mobilevlm", **SETTINGS),
    "montage": MobileVlm(weights="mobilevlm", several="montage", **SETTINGS),
    "pairwise": MobileVlm(weights="mobilevlm", several="pairwise", **SETTINGS),
    "any": AnyVlm(weights="any", **SETTINGS),
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A folder with a tiny model of every architecture, as UNIRAIN_MODELS names it."""
    home = tmp_path_factory.mktemp("models")
    make_internvl(home / "internvl", is_outspoken=True)
    make_llava(home / "llava", is_outspoken=True)
    make_mobilevlm(home / "mobilevlm", is_outspoken=True)
    shutil.copytree(home / "llava", home / "any")
    make_processor(home / "any", INTERLEAVED)
    make_blip(home / "blip")
    make_clip(home / "clip")
    return home


@pytest.fixture
def root(project, weights, monkeypatch):  # noqa: F811
    monkeypatch.setenv("UNIRAIN_MODELS", str(weights))
    monkeypatch.setattr(rows, "make_engine", InProcess)
    (project / paths.PROMPT).parent.mkdir()
    shutil.copy(ROOT / paths.PROMPT, project / paths.PROMPT)
    return project


@pytest.mark.slow
def test_the_file_of_votes_is_the_same_whoever_prepares_the_pictures(root, monkeypatch, loaded_elsewhere):
    params = VlmVotes(judges=(JudgeName("internvl"),))
    votes = []
    for loaders in ("0", "2"):
        monkeypatch.setenv(LOADERS, loaders)
        monkeypatch.setenv("UNIRAIN_HOME", str(root / f"home{loaders}"))
        vlm_votes.run(root, judge_models=JUDGES, vlm_votes=params)
        votes.append((root / "data/votes/votes.parquet").read_bytes())

    assert votes[0] == votes[1]
    assert [np.uint8] * 3 == [one.pixels.dtype for one in loaded_elsewhere]


def judging(root):
    """The jobs of all judges, and a question."""
    first, second, *_ = [row for batch in rainy.pairs(root) for row in batch]
    jobs = vote_jobs(root, [JudgeName(name) for name in JUDGES], JUDGES, "1")
    return jobs, Ballot("a", "two", first.picture, (second.picture, first.picture))


@dataclass(frozen=True)
class Together:
    """Loads for all judges, so that two processes are enough for them."""

    jobs: Sequence[Any]

    def load(self, row):
        place, ballot = row
        return self.jobs[place].load(ballot)

    def compute_loaded(self, batch, loaded):
        raise NotImplementedError


@pytest.mark.slow
def test_every_judge_answers_the_same_whoever_prepares_the_pictures(root, loaded_elsewhere):
    jobs, ballot = judging(root)
    loaded = Ahead(Together(jobs), 2).loaded([(place, ballot) for place in range(len(jobs))], 0, len(jobs))
    kinds = Counter(type(one).__name__ for one in loaded)

    for job, one in zip(jobs, loaded, strict=True):
        assert job.compute([ballot]) == job.compute_loaded([ballot], [one])
    # an unknown processor is given whole pictures
    assert {"Prepared": 3, "PreparedPieces": 2, "list": 1, "Question": 1} == kinds


ENCODERS = Encoders(
    captioner=CaptionerName("blip"),
    text_encoder=TextEncoderName("clip"),
    image_encoder=ImageEncoderName("clip"),
)
SECTIONS: dict[str, EncoderModel] = {
    "blip": Blip(weights="blip", **SETTINGS),
    "clip": OpenClip(architecture="x", weights="clip", **SETTINGS),
}


def encoding(root):
    return triplet_job(partial(make_encoder, EncoderChoice.of(ENCODERS, SECTIONS)), Roots.load(root), "1")


@pytest.mark.slow
def test_triplets_are_the_same_whoever_prepares_the_pictures(root, monkeypatch, loaded_elsewhere):
    job = encoding(root)
    asked = [row for batch in rainy.pairs(root) for row in batch]
    tables_of = []
    for loaders in ("0", "2"):
        monkeypatch.setenv(LOADERS, loaders)
        store = WorkStore(home=root / f"home{loaders}", owner="triplets")
        (window,) = rows.stream(job, [asked], store)
        tables_of.append(window.results)

    assert isinstance(job, Loading)
    assert tables_of[0].equals(tables_of[1])
    assert [(3, 32, 32)] * 3 == [one.for_caption.shape for one in loaded_elsewhere]
    assert [(3, 32, 32)] * 3 == [one.for_vector.shape for one in loaded_elsewhere]


def test_a_row_is_loaded_without_weights_and_wherever_its_machine_has_the_folders(
    root, weights, monkeypatch, tmp_path_factory
):
    judges, ballot = judging(root)
    row = next(row for batch in rainy.pairs(root) for row in batch)
    jobs: list[tuple[Any, Any]] = [*((job, ballot) for job in judges), (encoding(root), row)]
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(weights, elsewhere, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.safetensors"))
    monkeypatch.setenv("UNIRAIN_MODELS", str(elsewhere))
    expected = [job.load(row) for job, row in jobs]
    hidden = weights.rename(weights.with_name("hidden"))
    loaded = [pickle.loads(pickle.dumps(job)).load(row) for job, row in jobs]
    hidden.rename(weights)

    assert pickle.dumps(expected) == pickle.dumps(loaded)
    assert len(JUDGES) + 1 == len(loaded)


def test_a_question_travels_as_its_tokens_and_one_byte_for_each_value_of_its_pixels(root):
    jobs: Any
    jobs, ballot = judging(root)
    prepared = jobs[0].load(ballot)
    n_bytes = prepared.pixels.size + prepared.tokens.nbytes

    assert n_bytes <= len(pickle.dumps(prepared)) < n_bytes + 500
    assert (3, 28, 28) == prepared.pixels.shape[1:]


@dataclass(frozen=True)
class Refusing:
    """Prepares every picture but one."""

    inner: PreparePicture
    refused: int
    """Sum of its values."""

    def __call__(self, image):
        if int(image.sum()) == self.refused:
            raise ValueError("no pixels of this one")
        return self.inner(image)


@pytest.mark.slow
@pytest.mark.parametrize("loaders", ["0", "1"])
def test_a_picture_that_cannot_be_prepared_fails_alone(loaders, root, monkeypatch, loaded_elsewhere):
    monkeypatch.setenv(LOADERS, loaders)
    job = encoding(root)
    first, *others = [row for batch in rainy.pairs(root) for row in batch]
    refusing = Refusing(job.prepare, int(pairs.read(first.picture, job.roots).sum()))
    store = WorkStore(home=root / "home", owner="triplets")
    (window,) = rows.stream(replace(job, prepare=refusing), [[first, *others]], store)

    assert {0: Failed("crashed", "ValueError: no pixels of this one")} == window.failures
    assert len(others) == len(window.results)
