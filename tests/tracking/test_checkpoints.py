"""A version's bytes are found by content, wherever they lie, or the message says how to get them."""

import hashlib
import shutil

import pytest

from tests.tracking.conftest import START, nobody
from unirain_core.errors import ConfigError, MissingInputError
from unirain_core.model import checkpoint
from unirain_core.tracking import checkpoints
from unirain_core.tracking.checkpoints import checkpoint_of, is_version
from unirain_core.tracking.events import Finish, group_of
from unirain_core.tracking.settle import replay_all

BYTES = b"weights"


@pytest.fixture
def registered(project):
    """A project with one version, whose bytes stand in the work store and in DVC's out."""
    project.begin("gated").finish(
        Finish(
            metrics={"best/val/psnr/mean": 20.0},
            checkpoint="data/checkpoints/gated",
            sha256=hashlib.sha256(BYTES).hexdigest(),
            psnr=20.0,
        )
    )
    for folder in (".unirain/shards/trained_checkpoint/gated", "data/checkpoints/gated"):
        (project.root / folder).mkdir(parents=True)
        (project.root / folder / "model.safetensors").write_bytes(BYTES)
    replay_all(project.runs, project.root, nobody)
    return project


def found(project, name="models:/UniRain@champion"):
    return checkpoint_of(name, project.root, project.root / ".unirain").relative_to(project.root)


@pytest.mark.parametrize(
    "name", ["models:/UniRain@champion", "UniRain@champion", "UniRain/1", "models:/UniRain/1"]
)
def test_a_version_is_found_by_alias_and_by_number(registered, name):
    assert is_version(name)
    assert str(found(registered, name)) == ".unirain/shards/trained_checkpoint/gated"
    assert found(registered, f"UniRain@champion-{group_of(START)}") == found(registered, name)


def test_where_the_store_has_lost_or_damaged_the_bytes_those_of_the_out_are_found(registered):
    stored = registered.root / ".unirain/shards/trained_checkpoint/gated"
    (stored / "model.safetensors").write_bytes(b"damaged")

    assert str(found(registered)) == "data/checkpoints/gated"
    shutil.rmtree(stored)
    assert str(found(registered)) == "data/checkpoints/gated"


def test_a_later_training_of_the_variant_never_stands_for_the_version(registered):
    (registered.root / "data/checkpoints/gated/model.safetensors").write_bytes(b"a later training")
    shutil.rmtree(registered.root / ".unirain/shards")

    with pytest.raises(MissingInputError, match=r"`dvc checkout data/checkpoints/gated`"):
        found(registered)


@pytest.mark.parametrize("name", ["UniRain@nobody", "UniRain/7"])
def test_a_version_that_does_not_exist_is_said_so(registered, name):
    with pytest.raises(MissingInputError, match=f"names no version {name}"):
        found(registered, name)


@pytest.mark.parametrize(
    "name", ["data/checkpoints/gated", "UniRain", "Other@champion", "models:/UniRain@a/b"]
)
def test_other_names_are_none_of_a_version(project, name):
    assert not is_version(name)
    with pytest.raises(ConfigError, match="names no version"):
        found(project, name)


def test_the_weights_bear_the_name_that_checkpoints_give_them():
    assert checkpoint.WEIGHTS == checkpoints.WEIGHTS
