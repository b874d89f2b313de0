"""The weights of an OpenCLIP model lie in a folder, in a file of either form, or in the hub's cache: the same vectors."""

import shutil

import numpy as np
import pytest

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
pytest.importorskip("transformers")
open_clip = pytest.importorskip("open_clip")
pytest.importorskip("sentencepiece")
import torch  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

from tests.distill.judges.tiny import write_json  # noqa: E402
from tests.distill.tiny_models import SHAPE, make_clip  # noqa: E402
from unirain_core.config.models import OpenClip  # noqa: E402
from unirain_core.distill.encoders.open_clip import OpenClipImage, OpenClipText  # noqa: E402
from unirain_core.errors import WeightsUnavailableError  # noqa: E402

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = "open_clip_model.safetensors"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The same weights in every place; `tiny-places` is known to open_clip as a published architecture is."""
    home = tmp_path_factory.mktemp("models")
    make_clip(home / "folder")
    write_json(home / "configs/tiny-places.json", SHAPE)
    open_clip.add_model_config(home / "configs")
    shutil.copy(home / "folder" / WEIGHTS, home / "clip.safetensors")
    torch.save(load_file(home / "clip.safetensors"), home / "clip.pt")
    (home / "bare").mkdir()
    shutil.copy(home / "folder" / WEIGHTS, home / "bare" / WEIGHTS)
    shutil.copytree(home / "folder", home / f"cache/models--who--clip/snapshots/{COMMIT}")
    return home


@pytest.fixture(autouse=True)
def models(home, monkeypatch):
    monkeypatch.setenv("UNIRAIN_MODELS", str(home))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(home / "cache"))


def vectors(weights, revision=COMMIT):
    section = OpenClip(architecture="tiny-places", weights=weights, revision=revision, precision="float32")
    picture = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    return OpenClipImage(section).encode([picture]), OpenClipText(section).encode(["rain on a street"])


@pytest.mark.parametrize("weights", ["clip.safetensors", "clip.pt", "bare", "who/clip"])
def test_every_place_gives_the_same_vectors(weights):
    images, texts = vectors("folder")
    own_images, own_texts = vectors(weights)

    np.testing.assert_array_equal(texts, own_texts)
    # a folder carries its own preprocessing, rounded to two digits; elsewhere the usual one of CLIP is taken
    np.testing.assert_allclose(images, own_images, atol=0.05)


def test_another_commit_of_the_hub_is_not_the_pinned_one():
    other = "f" * 40
    with pytest.raises(WeightsUnavailableError, match=f"run `hf download who/clip --revision {other}`"):
        vectors("who/clip", other)
