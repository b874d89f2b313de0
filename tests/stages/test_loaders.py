"""Pictures that other processes decode while a model computes: the same votes and triplets, on tiny models."""

from functools import partial

import pytest

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
pytest.importorskip("transformers")
pytest.importorskip("open_clip")
pytest.importorskip("sentencepiece")
from tests.distill.tiny_models import make_blip, make_clip  # noqa: E402
from tests.stages.test_alone_votes import MODELS, PARAMS, weights, with_prompt  # noqa: E402, F401
from tests.stages.voted_pool import project_in  # noqa: E402
from unirain_core.artefacts import tables  # noqa: E402
from unirain_core.artefacts.roots import Roots  # noqa: E402
from unirain_core.artefacts.schemas import Vote  # noqa: E402
from unirain_core.config.models import Blip, EncoderModel, OpenClip  # noqa: E402
from unirain_core.config.sections import (  # noqa: E402
    CaptionerName,
    Encoders,
    ImageEncoderName,
    TextEncoderName,
)
from unirain_core.distill import rainy  # noqa: E402
from unirain_core.distill.triplet import triplet_job  # noqa: E402
from unirain_core.engine import rows  # noqa: E402
from unirain_core.engine.ahead import Ahead  # noqa: E402
from unirain_core.engine.jobs import Loading  # noqa: E402
from unirain_core.engine.pools import LOADERS  # noqa: E402
from unirain_core.engine.store import WorkStore  # noqa: E402
from unirain_core.stages import vlm_votes  # noqa: E402
from unirain_core.stages.encoders import EncoderChoice, make_encoder  # noqa: E402


@pytest.fixture
def project(tmp_path, monkeypatch):
    return project_in(tmp_path, monkeypatch)


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


@pytest.mark.slow
def test_votes_are_the_same_whoever_decodes_the_pictures(with_prompt, monkeypatch, loaded_elsewhere):  # noqa: F811
    votes = []
    for loaders in ("0", "1"):
        monkeypatch.setenv(LOADERS, loaders)
        monkeypatch.setenv("UNIRAIN_HOME", str(with_prompt / f"home{loaders}"))
        vlm_votes.run(with_prompt, judge_models=MODELS, vlm_votes=PARAMS)
        votes.append(tables.read(with_prompt / "data/votes/votes.parquet", Vote))

    assert votes[0] == votes[1]
    assert len(votes[0]) == len(loaded_elsewhere)


@pytest.mark.slow
def test_triplets_are_the_same_whoever_decodes_the_pictures(
    with_prompt,  # noqa: F811
    tmp_path_factory,
    monkeypatch,
    loaded_elsewhere,
):
    models = tmp_path_factory.mktemp("encoders")
    make_blip(models / "blip")
    make_clip(models / "clip")
    monkeypatch.setenv("UNIRAIN_MODELS", str(models))
    encoders = Encoders(
        captioner=CaptionerName("blip"),
        text_encoder=TextEncoderName("clip"),
        image_encoder=ImageEncoderName("clip"),
    )
    sections: dict[str, EncoderModel] = {
        "blip": Blip(weights="blip", revision="1", precision="float32", batch=2),
        "clip": OpenClip(architecture="x", weights="clip", revision="1", precision="float32", batch=2),
    }
    choice = EncoderChoice.of(encoders, sections)
    job = triplet_job(partial(make_encoder, choice), Roots.load(with_prompt), "1")
    asked = [row for batch in rainy.pairs(with_prompt) for row in batch]
    tables_of = []
    for loaders in ("0", "1"):
        monkeypatch.setenv(LOADERS, loaders)
        store = WorkStore(home=with_prompt / f"home{loaders}", owner="triplets")
        (window,) = rows.stream(job, [asked], store)
        tables_of.append(window.results)

    assert isinstance(job, Loading)
    assert tables_of[0].equals(tables_of[1])
    assert 3 == len(loaded_elsewhere)
