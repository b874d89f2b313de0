import pickle
from typing import get_args

import numpy as np
import pytest

from unirain_core.artefacts.roots import Roots
from unirain_core.config.sections import EncoderName, Encoders
from unirain_core.distill.encoders.caption import Captioner
from unirain_core.distill.encoders.image import ImageEncoder
from unirain_core.distill.encoders.text import TextEncoder
from unirain_core.distill.triplet import (
    PictureRow,
    make_captioner,
    make_encoder,
    make_image_encoder,
    make_text_encoder,
    settle,
    structure_picture,
    triplet_job,
)
from unirain_core.engine.jobs import Failed
from unirain_core.imaging.codec import file_hash, write_png

NAMES = get_args(EncoderName)


def picture(seed, height=256, width=384):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", NAMES)
def test_every_captioner_says_one_sentence_the_same_each_time(name):
    captioner: Captioner = make_captioner(name)
    caption = captioner.caption(picture(0))

    assert caption == captioner.caption(picture(0))
    assert caption.startswith("a ")
    assert captioner.form.startswith(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_text_encoder_gives_float32_vectors_of_one_length(name):
    encoder: TextEncoder = make_text_encoder(name)
    first, second = encoder.encode("a day picture"), encoder.encode("")

    assert first.shape == second.shape
    assert np.float32 == first.dtype == second.dtype
    assert encoder.name.startswith(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_image_encoder_gives_unit_vectors_of_one_length(name):
    encoder: ImageEncoder = make_image_encoder(name)
    vectors = [encoder.encode(picture(seed, 100 + seed, 140)) for seed in range(3)]

    assert 1 == len({v.shape for v in vectors})
    np.testing.assert_allclose([np.linalg.norm(v) for v in vectors], 1, atol=1e-5)
    assert encoder.name.startswith(name)


def test_the_structure_picture_is_the_whole_picture_in_grey():
    image = np.zeros((60, 100, 3), np.uint8)
    image[..., 1] = 255
    grey = structure_picture(image, 16)

    assert grey.shape == (16, 16)
    assert grey.dtype == np.uint8
    assert {150} == set(grey.ravel().tolist())  # 0.587 x 255 = 149.7


def test_the_structure_picture_keeps_left_and_right():
    image = np.zeros((64, 96, 3), np.uint8)
    image[:, 48:] = 200
    grey = structure_picture(image, 32)

    assert 0 == grey[:, :12].max()
    assert 200 == grey[:, 20:].min()


@pytest.fixture
def job(tmp_path):
    (tmp_path / "pool").mkdir()
    for name in ("a", "b"):
        write_png(tmp_path / "pool" / f"{name}.png", picture(ord(name)))
    return triplet_job(Encoders(), Roots(tmp_path, {"pool": "pool"}), "1")


def row(name, content="0"):
    return PictureRow(
        id=f"set/{name}", dataset="set", root="pool", input=f"{name}.png", halves=None, input_hash=content
    )


def test_the_work_gives_one_triplet_for_each_row_and_travels_to_workers(job, tmp_path):
    hashes = {name: file_hash(tmp_path / f"pool/{name}.png") for name in "ab"}
    triplets = pickle.loads(pickle.dumps(job)).compute([row("a", hashes["a"]), row("b", hashes["b"])])
    encoder = make_encoder(Encoders())
    expected = encoder.encode(picture(ord("b")))

    assert ["set/a", "set/b"] == [t.id for t in triplets]
    assert expected.caption == triplets[1].caption
    assert expected.picture.tobytes() == triplets[1].picture
    assert 128 * 128 == len(triplets[1].picture)
    assert (hashes["b"], encoder.name) == (triplets[1].input_hash, triplets[1].encoder)
    np.testing.assert_array_equal(expected.image_vector, triplets[1].image_vector)


def test_the_key_changes_with_content_and_encoders(job, tmp_path):
    other = triplet_job(Encoders(structure_side=64), Roots(tmp_path), "1")
    keys = [job.key(row("a")), job.key(row("a", "1")), other.key(row("a"))]

    assert len(keys) == len(set(keys))
    assert keys[0] == job.key(row("a"))


def test_stand_ins_say_so():
    encoder = make_encoder(Encoders())

    assert encoder.captioner.form.startswith("statistics/")
    assert encoder.name.count("statistics/") == 2
    assert any("no captioning or vision-language model ran" in note for note in encoder.notes)


def test_a_row_without_a_triplet_is_dropped_with_its_reason(job, tmp_path):
    rows = [row("a", file_hash(tmp_path / "pool/a.png")), row("gone")]
    triplets, dropped = settle(rows, [job.compute(rows[:1])[0], Failed("out_of_memory", "too large")])

    assert ["set/a"] == [t.id for t in triplets]
    assert [("set/gone", "set", "out_of_memory", "too large")] == [
        (d.pair_id, d.dataset, d.reason, d.other) for d in dropped
    ]
