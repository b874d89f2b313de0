"""The edits that gates of stages, params and tracking name are carried out, and the same call goes on."""

import os
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.evaluation.test_lpips import pair, plant
from tests.sources.test_admission import admitted, picture
from tests.stages.judged_pool import FACTS, PARAMS, TYPES, write_upstream
from tests.stages.test_trained_checkpoint import ARGUMENTS, rows_of
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import SplitRow
from unirain_core.config.sections import JudgeName, Network, RainType, SampleCorpus, VlmVotes
from unirain_core.distill.ballots import Answer
from unirain_core.distill.stores.make import make_store
from unirain_core.engine.store import WorkStore
from unirain_core.errors import (
    ChangedInputError,
    ConfigError,
    EmptyTypeError,
    GateError,
    ItemError,
    MissingInputError,
)
from unirain_core.evaluation import lpips, methods
from unirain_core.evaluation.methods import Checkpoint
from unirain_core.imaging.codec import content_hash, read_file
from unirain_core.model import checkpoint
from unirain_core.model.architecture import build
from unirain_core.stages import rainrag_split, sample_corpus, trained_checkpoint, vlm_votes
from unirain_core.standins.rain.photos import SHIPPED
from unirain_core.standins.rain.plan import plan

CONFIG = Network(dim=8, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=2.0)
DRS = [fact for fact in FACTS if fact[1] == "drs"]
FEW = [*DRS, ("set/nrd/0", "nrd", "other0"), ("set/nrd/1", "nrd", "other1")]


@pytest.mark.parametrize(
    ("pool", "rain_types"), [(FACTS, TYPES), (FEW, TYPES[:1])], ids=["add data", "take it out"]
)
def test_a_split_of_an_empty_type_goes_on_with_more_data_or_without_the_type(tmp_path, pool, rain_types):
    write_upstream(tmp_path, FEW)
    with pytest.raises(EmptyTypeError, match=r"add data.*or take 'nrd' out of rain_types"):
        rainrag_split.run(tmp_path, rainrag_split=PARAMS, rain_types=TYPES)
    write_upstream(tmp_path, pool)

    rainrag_split.run(tmp_path, rainrag_split=PARAMS, rain_types=rain_types)


@pytest.fixture
def trainable(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setattr("unirain_core.tracking.mirror.ATTEMPTS", 0)
    for name in ("UNIRAIN_HOME", "DVC_ROOT"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "pictures").mkdir()
    (tmp_path / "roots.local.yaml").write_text(f"toy: {tmp_path / 'pictures'}\n")
    split(tmp_path, ("drs", "nrd"))
    return tmp_path


def hashed(row, folder):
    """The row with the hashes of its pictures as they are."""
    sides = {
        f"{side}_hash": content_hash((folder / getattr(row, side)).read_bytes())
        for side in ("input", "target")
    }
    return replace(row, **sides)


def split(root, rain_types):
    for name in ("train/rainrag", "val"):
        rows = rows_of(root / "pictures", name.partition("/")[0])
        kept = [hashed(row, root / "pictures") for row in rows if row.rain_type in rain_types]
        tables.write(root / f"data/split/{name}.parquet", kept, SplitRow)


@pytest.mark.slow
@pytest.mark.parametrize("cure", ["add a dataset", "take the type out of rain_types"])
def test_a_training_goes_on_with_pairs_of_the_type_or_without_the_type(trainable, cure):
    split(trainable, ("drs",))
    with pytest.raises(MissingInputError, match=f"no pair of nrd.*{cure}"):
        trained_checkpoint.run(trainable, **ARGUMENTS)
    if cure == "add a dataset":
        split(trainable, ("drs", "nrd"))
        trained_checkpoint.run(trainable, **ARGUMENTS)
    else:
        trained_checkpoint.run(trainable, **{**ARGUMENTS, "rain_types": (RainType("drs"),)})

    assert (trainable / "data/checkpoints/ours/model.safetensors").exists()


@pytest.mark.slow
def test_a_training_goes_on_with_a_lower_rate(trainable):
    wild = replace(ARGUMENTS["training"], learning_rate=1e30, gradient_clip=1e30, weight_decay=0.0)
    with pytest.raises(GateError, match=r"lower training\.learning_rate or training\.gradient_clip"):
        trained_checkpoint.run(trainable, **{**ARGUMENTS, "training": wild})

    trained_checkpoint.run(trainable, **ARGUMENTS)


def test_a_judge_that_abstains_on_every_photo_needs_no_share(tmp_path):
    names = (
        JudgeName("statistics/photometric"), JudgeName("statistics/directional"), JudgeName("statistics/nss"),
    )  # fmt: skip
    params = VlmVotes(judges=names, accept_share=0.9)
    silent, file = names[2], tmp_path / "answers.parquet"
    answer = Answer(pair_id="real/x", judge=silent, p_yes=0.7, mass=0.0, reply="", reason="", prompt_hash="")
    tables.write(file, [answer], Answer)
    with pytest.raises(GateError, match=r"statistics/nss abstained .*remove accept_share"):
        vlm_votes._threshold(silent, file, params)

    assert 0.5 == vlm_votes._threshold(silent, file, replace(params, accept_share=None))


def test_a_corpus_of_too_many_pictures_of_one_photo_is_planned_with_fewer_pairs():
    photos = [photo for photo in SHIPPED if photo.day and not photo.seldom][:2]
    config = SampleCorpus(seed=1, pairs_per_type=2_200, planted_share=0.0)
    with pytest.raises(ConfigError, match="lower pairs_per_type"):
        plan(config, photos)

    assert plan(replace(config, pairs_per_type=4), photos)


@pytest.mark.slow
def test_a_store_on_this_machine_takes_the_place_of_a_server_that_does_not_answer(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRAIN_QDRANT_URL", "http://127.0.0.1:9")
    with pytest.raises(MissingInputError, match=r"set vector_store\.engine to 'edge'"):
        make_store("server", "c", tmp_path)

    assert make_store("edge", "c", tmp_path) is not None


def test_scoring_goes_on_without_the_distance_once_the_wrong_weights_are_removed(tmp_path, monkeypatch):
    trunk = tmp_path / "checkpoints" / lpips.TRUNK
    trunk.parent.mkdir()
    trunk.write_bytes(b"other weights")
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
    with pytest.raises(MissingInputError, match="or remove it to go on without LPIPS"):
        lpips.at_hand()
    trunk.unlink()

    assert lpips.at_hand() is None


def test_a_checkpoint_that_was_replaced_is_used_when_the_command_is_given_again(tmp_path):
    def save(seed):
        checkpoint.save(tmp_path, build(CONFIG, seed=seed), CONFIG, {})

    picture = np.zeros((8, 8, 3), dtype=np.uint8)
    save(1)
    before = Checkpoint.of(tmp_path)
    methods._loaded.cache_clear()
    save(2)
    with pytest.raises(ChangedInputError, match="run the same command again"):
        before.restore(picture)

    assert Checkpoint.of(tmp_path).restore(picture).shape == picture.shape


def test_a_file_that_nobody_may_read_is_read_after_chmod(monkeypatch):
    """Run as nobody where the tests run as root, whom no permission stops."""
    is_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.png"
        file.write_bytes(b"picture")
        Path(folder).chmod(0o755)
        file.chmod(0o000)
        if is_root:
            os.seteuid(65534)
        try:
            with pytest.raises(ItemError, match=r"run `chmod \+r` on it"):
                read_file(file)
        finally:
            if is_root:
                os.seteuid(0)
        subprocess.run(["chmod", "+r", str(file)], check=True)
        if is_root:
            os.seteuid(65534)
        try:
            assert read_file(file) == b"picture"
        finally:
            if is_root:
                os.seteuid(0)


def test_a_dataset_whose_split_is_unknown_is_admitted_with_its_role():
    with pytest.raises(ConfigError, match="set role to train, val, test or benchmark"):
        admitted(picture(split=None))

    assert len(admitted(picture(split=None), role="train").entries) == 1


def test_weights_that_were_replaced_are_used_when_the_command_is_given_again(tmp_path, monkeypatch):
    plant(tmp_path, monkeypatch)
    before = lpips.at_hand(is_genuine=lambda sha256: True)
    assert before is not None
    lpips._loaded.cache_clear()
    plant(tmp_path, monkeypatch, 1)
    with pytest.raises(ChangedInputError, match="run the same command again"):
        before.distance(*pair())
    after = lpips.at_hand(is_genuine=lambda sha256: True)

    assert after is not None
    assert after.distance(*pair()) is not None


def test_a_photo_that_was_replaced_is_rendered_when_the_command_is_given_again(tmp_path):
    config = SampleCorpus(seed=1, pairs_per_type=2, planted_share=0.0, height=64, width=64, real_per_type=1)
    items = tuple(plan(config, SHIPPED)[:1])
    store = WorkStore(home=tmp_path, owner="sample_corpus")
    sound = sample_corpus._shard(items, config)
    stale = replace(sound, key="k", photo_hashes=tuple((number, "0") for number, _ in sound.photo_hashes))
    with pytest.raises(ChangedInputError, match="run the same command again"):
        sample_corpus._finished(stale, store=store, config=config)

    assert sample_corpus._finished(sample_corpus._shard(items, config), store=store, config=config).is_dir()
