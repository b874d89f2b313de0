"""What the encoders' messages advise, carried out: each test begins with the fault."""

import shutil

import pytest

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
pytest.importorskip("transformers")
open_clip = pytest.importorskip("open_clip")
from tests.distill.encoders.test_pretrained_encoders import (  # noqa: E402
    SETTINGS,
    choice,
    home,  # noqa: F401
    models,  # noqa: F401
    pictures,
)
from tests.distill.judges.tiny import write_json  # noqa: E402
from tests.distill.tiny_models import SHAPE  # noqa: E402
from unirain_core.config.models import Blip, OpenClip  # noqa: E402
from unirain_core.distill.encoders.blip import BlipCaptioner  # noqa: E402
from unirain_core.distill.encoders.open_clip import OpenClipImage  # noqa: E402
from unirain_core.errors import ConfigError, WeightsUnavailableError  # noqa: E402
from unirain_core.stages.encoders import make_encoder  # noqa: E402


def test_weights_are_found_once_they_lie_in_the_folder_that_the_variable_names(home, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setenv("UNIRAIN_MODELS", str(tmp_path))
    with pytest.raises(WeightsUnavailableError, match="put them into the folder that UNIRAIN_MODELS names"):
        BlipCaptioner(Blip(weights="who/what", **SETTINGS))

    shutil.copytree(home / "blip", tmp_path / "who/what")
    assert 2 == len(BlipCaptioner(Blip(weights="who/what", **SETTINGS)).captions(pictures(2)))


def test_a_file_of_weights_under_another_name_is_named_itself(home, tmp_path, monkeypatch):  # noqa: F811
    write_json(tmp_path / "configs/tiny-quickgelu.json", SHAPE)
    open_clip.add_model_config(tmp_path / "configs/tiny-quickgelu.json")
    (tmp_path / "odd").mkdir()
    shutil.copy(home / "clip/open_clip_model.safetensors", tmp_path / "odd/epoch_32.safetensors")
    monkeypatch.setenv("UNIRAIN_MODELS", str(tmp_path))
    section = {"architecture": "tiny-quickgelu", **SETTINGS}
    with pytest.raises(ConfigError, match=r"odd holds none of .*; name the file itself"):
        OpenClipImage(OpenClip(weights="odd", **section)).encode(pictures(1))

    vectors = OpenClipImage(OpenClip(weights="odd/epoch_32.safetensors", **section)).encode(pictures(2))
    assert (2, 16) == vectors.shape


def test_a_rewriter_that_is_missing_is_added():
    with pytest.raises(ConfigError, match="is no model of kind rewriter in encoder_models; add one"):
        make_encoder(choice(form="rewritten", rewriter="blip"))

    assert "qwen" in make_encoder(choice(form="rewritten", rewriter="qwen")).captioner.form
