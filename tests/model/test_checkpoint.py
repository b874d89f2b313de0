import hashlib
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import torch as safetensors

from unirain_core.config.architectures import Restormer
from unirain_core.config.sections import Network
from unirain_core.errors import ArtefactError, MissingArtefactError, SchemaError
from unirain_core.model import checkpoint
from unirain_core.model.architecture import build

CONFIG = Network(dim=8, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=2.0, noise_std=0.5)
PLAIN = Restormer(dim=8, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=2.0)
GOLDEN = Path(__file__).parents[1] / "golden/project-0.1.0.tar.xz"
EXTRA: dict[str, str | float | int] = {"step": 300, "psnr": 29.5, "split": "rainrag"}


@pytest.fixture
def folder(tmp_path):
    checkpoint.save(tmp_path / "unirain", build(CONFIG, seed=1), CONFIG, EXTRA)
    return tmp_path / "unirain"


def edit(folder, **changes):
    """Change a description and seal it again, as a stranger's program would."""
    path = folder / "model.json"
    changed = json.loads(path.read_text()) | changes
    unsealed = {name: value for name, value in changed.items() if name != "seal"}
    path.write_text(json.dumps({**unsealed, "seal": checkpoint._seal(unsealed)}))


@pytest.mark.parametrize("config", [CONFIG, PLAIN], ids=["ours", "restormer"])
def test_a_network_comes_back_exactly(tmp_path, config):
    saved = build(config, seed=1)
    checkpoint.save(tmp_path, saved, config, {})
    loaded = checkpoint.load(tmp_path)

    assert type(loaded) is type(saved)
    assert checkpoint.describe(tmp_path).config == config
    assert not loaded.training
    assert saved.state_dict().keys() == loaded.state_dict().keys()
    assert all(torch.equal(weight, loaded.state_dict()[name]) for name, weight in saved.state_dict().items())


def test_the_checkpoint_of_a_network_of_ours_says_no_architecture(folder):
    """Programs of before there was another one read it, too."""
    assert "architecture" not in json.loads((folder / "model.json").read_text())["network"]


def test_a_checkpoint_of_version_0_1_0_is_ours_and_restores(tmp_path):
    with tarfile.open(GOLDEN) as archive:
        archive.extractall(tmp_path, filter="data")
    folder = tmp_path / "data/checkpoints/unirain"
    loaded, weights = checkpoint.load(folder), safetensors.load_file(folder / "model.safetensors")

    assert checkpoint.describe(folder).config == Network(
        dim=8, blocks=(1, 1, 2), refinement=1, heads=(1, 1, 2), ffn_expansion=2.0, shuffle=2
    )
    assert weights.keys() == loaded.state_dict().keys()
    assert all(torch.equal(weight, loaded.state_dict()[name]) for name, weight in weights.items())
    assert loaded(torch.rand(1, 3, 9, 7)).isfinite().all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 1}, "its seal differs"),
        ({"format": 1, "seal": None}, "its seal differs"),
    ],
)
def test_a_seal_that_is_there_is_checked_whatever_the_format(folder, change, message):
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))

    with pytest.raises(SchemaError, match=message):
        checkpoint.load(folder)


def test_weights_of_another_architecture_are_refused(folder, tmp_path):
    described = json.loads((folder / "model.json").read_text())
    checkpoint.save(tmp_path / "plain", build(PLAIN, seed=1), PLAIN, {})
    edit(tmp_path / "plain", network=described["network"])

    with pytest.raises(SchemaError, match="weights of another configuration"):
        checkpoint.load(tmp_path / "plain")
    with pytest.raises(ValueError, match="not of the given configuration"):
        checkpoint.save(tmp_path / "mixed", build(PLAIN, seed=1), CONFIG, {})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("architecture", "swin"),
        ("dim", 10**9),
        ("dim", 7),
        ("heads", [1, 3]),
        ("blocks", [1, 65]),
        ("active", 2),
    ],
)
def test_a_baseline_out_of_bounds_is_refused_before_anything_is_built(tmp_path, key, value, monkeypatch):
    checkpoint.save(tmp_path, build(PLAIN, seed=1), PLAIN, {})
    described = json.loads((tmp_path / "model.json").read_text())["network"]
    edit(tmp_path, network=described | {key: value})
    monkeypatch.setattr(checkpoint, "build", None)

    with pytest.raises(SchemaError, match=f"describes no network of this program.*{key}"):
        checkpoint.load(tmp_path)


def test_the_writers_notes_come_back(folder):
    assert checkpoint.describe(folder).extra == EXTRA


def test_equal_networks_give_equal_bytes(folder, tmp_path):
    checkpoint.save(tmp_path / "again", build(CONFIG, seed=1), CONFIG, dict(reversed(EXTRA.items())))

    for name in ("model.safetensors", "model.json"):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_saving_over_a_checkpoint_leaves_only_the_new_one(folder):
    checkpoint.save(folder, build(CONFIG, seed=2), CONFIG, {})

    assert sorted(path.name for path in folder.iterdir()) == ["model.json", "model.safetensors"]
    assert torch.equal(build(CONFIG, seed=2).stem.weight, checkpoint.load(folder).state_dict()["stem.weight"])


def test_saving_under_another_configuration_is_refused(tmp_path):
    with pytest.raises(ValueError, match="not of the given configuration"):
        checkpoint.save(tmp_path, build(CONFIG, seed=1), replace(CONFIG, dim=16), {})


def test_loading_leaves_the_global_generator_alone(folder):
    before = torch.get_rng_state()
    checkpoint.load(folder)

    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("name", ["model.safetensors", "model.json"])
def test_a_missing_file_names_itself_and_the_stage(folder, name):
    (folder / name).unlink()

    with pytest.raises(MissingArtefactError, match=rf"{name} does not exist; stage 'trained_checkpoint'"):
        checkpoint.load(folder)


def test_weights_of_another_configuration_are_refused_by_name(folder):
    described = json.loads((folder / "model.json").read_text())["network"]
    edit(folder, network=described | {"ffn_expansion": 3.0})

    with pytest.raises(
        SchemaError, match=r"feed_forward\.inward\.weight \(found \(64, 16\), expected \(96, 16\)\)"
    ):
        checkpoint.load(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": {"dim": 8}}, r"network\.blocks: missing"),
        ({"network": 3}, "no network of this program"),
        ({"format": 3}, "format 3, expected 2"),
    ],
)
def test_a_description_of_something_else_is_refused(folder, change, message):
    edit(folder, **change)

    with pytest.raises(SchemaError, match=message):
        checkpoint.load(folder)


def test_an_unknown_key_of_the_network_is_named(folder):
    described = json.loads((folder / "model.json").read_text())["network"]
    edit(folder, network=described | {"experts": 5})

    with pytest.raises(SchemaError, match="experts"):
        checkpoint.load(folder)


def test_a_description_that_is_no_json_is_refused(folder):
    (folder / "model.json").write_text("{")

    with pytest.raises(SchemaError, match=r"model\.json"):
        checkpoint.load(folder)


def test_what_mends_a_checkpoint_depends_on_whose_it_is(folder, tmp_path):
    ours = tmp_path / "data/checkpoints/reweighted"
    for place in (ours, folder):
        checkpoint.save(place, build(CONFIG, seed=1), CONFIG, EXTRA)
        (place / "model.json").write_text("{}")

    with pytest.raises(
        SchemaError, match="run `dvc repro --force --single-item trained_checkpoint@reweighted`"
    ):
        checkpoint.load(ours)
    with pytest.raises(SchemaError, match="get the folder again from whoever made it"):
        checkpoint.load(folder)


def test_damaged_weights_are_refused(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")

    with pytest.raises(ArtefactError, match="damaged"):
        checkpoint.load(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("active", 1),
        ("renormalise", True),
        ("noise_std", 0.0),
        ("encoder", "none"),
    ],
)
def test_an_edited_configuration_is_refused_by_its_seal(folder, key, value):
    path = folder / "model.json"
    described = json.loads(path.read_text())
    described["network"][key] = value
    path.write_text(json.dumps(described))

    with pytest.raises(SchemaError, match="was changed since it was written"):
        checkpoint.load(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("encoder", "xx"),
        ("blocks", [100_000, 1]),
        ("blocks", [1, 0]),
        ("dim", 10**9),
        ("dim", -16),
        ("dim", 7),
        ("dim", 8.5),
        ("dim", "8"),
        ("ffn_expansion", "NaN"),
        ("heads", [1]),
        ("active", 9),
        ("decoder_widths", []),
        ("decoder_widths", [0.5, -1.0]),
        ("shuffle", 10**6),
    ],
)
def test_a_configuration_out_of_bounds_is_refused_before_anything_is_built(folder, key, value, monkeypatch):
    described = json.loads((folder / "model.json").read_text())["network"]
    edit(folder, network=described | {key: value})
    monkeypatch.setattr(checkpoint, "build", None)

    with pytest.raises(SchemaError, match=f"describes no network of this program.*{key}"):
        checkpoint.load(folder)


def test_a_number_that_is_none_in_the_configuration_is_refused(folder):
    path = folder / "model.json"
    path.write_text(path.read_text().replace('"ffn_expansion": 2.0', '"ffn_expansion": NaN'))

    with pytest.raises(SchemaError, match=r"model\.json"):
        checkpoint.load(folder)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(folder, value):
    """A black picture would come out of them."""
    weights = safetensors.load_file(folder / "model.safetensors")
    weights["stem.weight"][0] = value
    content = safetensors.save(weights)
    (folder / "model.safetensors").write_bytes(content)
    edit(folder, sha256=hashlib.sha256(content).hexdigest())

    with pytest.raises(ArtefactError, match=r"stem\.weight hold values that are not finite"):
        checkpoint.load(folder)
