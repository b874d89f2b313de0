import pickle
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest

from unirain_core.artefacts import tables
from unirain_core.artefacts.picture import Picture
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.triplets import EncodedRow
from unirain_core.config.sections import Encoders
from unirain_core.distill.prepared_picture import structure_picture
from unirain_core.distill.rainy import Rainy
from unirain_core.distill.triplet import Encoder, triplet_job, without_triplet
from unirain_core.engine.jobs import Failed, Finished
from unirain_core.engine.pools import Device
from unirain_core.imaging.codec import file_hash, write_png
from unirain_core.stages.encoders import EncoderChoice, make_encoder


def picture(seed, height=256, width=384):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


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
    return triplet_job(
        partial(make_encoder, EncoderChoice.of(Encoders(), {})), Roots(tmp_path, {"pool": "pool"}), "1"
    )


def row(name, content="0"):
    return Rainy(f"set/{name}", "set", "drs", Picture("pool", f"{name}.png", None, content))


def test_the_work_gives_one_triplet_for_each_row_and_travels_to_workers(job, tmp_path):
    hashes = {name: file_hash(tmp_path / f"pool/{name}.png") for name in "ab"}
    triplets = pickle.loads(pickle.dumps(job)).compute([row("a", hashes["a"]), row("b", hashes["b"])])
    encoder = make_encoder(EncoderChoice.of(Encoders(), {}))
    (expected,) = encoder.encode([picture(ord("b"))])

    assert ["set/a", "set/b"] == [t.id for t in triplets]
    assert expected.caption == triplets[1].caption
    assert expected.picture.tobytes() == triplets[1].picture
    assert 128 * 128 == len(triplets[1].picture)
    assert (hashes["b"], encoder.name) == (triplets[1].input_hash, triplets[1].encoder)
    np.testing.assert_array_equal(expected.image_vector, triplets[1].image_vector)


def test_the_key_changes_with_content_and_encoders(job, tmp_path):
    other = triplet_job(
        partial(make_encoder, EncoderChoice.of(Encoders(structure_side=64), {})), Roots(tmp_path), "1"
    )
    keys = [job.key(row("a")), job.key(row("a", "1")), other.key(row("a"))]

    assert len(keys) == len(set(keys))
    assert keys[0] == job.key(row("a"))


@dataclass(frozen=True)
class Counting:
    """A captioner and encoder that notes how many it is given at once."""

    calls: list[int]
    name: str = "counting"
    form: str = "counting"
    device: Device = "gpu"
    batch: int = 5

    def captions(self, images):
        self.calls.append(len(images))
        return [f"picture {n}" for n in range(len(images))]

    def encode(self, given):
        self.calls.append(len(given))
        return np.arange(2 * len(given), dtype=np.float32).reshape(-1, 2)


def test_a_batch_is_one_call_of_each_model_and_each_row_has_its_own_vectors(tmp_path):
    for name in "abc":
        write_png(tmp_path / f"{name}.png", picture(ord(name)))
    rows = [row(name, file_hash(tmp_path / f"{name}.png")) for name in "abc"]
    model = Counting([])
    job = triplet_job(lambda: Encoder(model, model, model, 16), Roots(tmp_path, {"pool": "."}), "1")
    triplets = job.compute(rows)

    assert [3, 3, 3] == model.calls
    assert ("gpu", 5) == (job.device, job.batch)
    assert ["picture 0", "picture 1", "picture 2"] == [t.caption for t in triplets]
    assert [[0, 1], [2, 3], [4, 5]] == [t.image_vector.tolist() for t in triplets]


@dataclass(frozen=True)
class Overflowing(Counting):
    """A model whose last vector of a batch holds no number."""

    def encode(self, given):
        vectors = super().encode(given)
        vectors[-1, 0] = np.nan
        return vectors


@pytest.mark.parametrize("part", ["text", "image"])
def test_a_vector_that_holds_what_is_no_number_is_an_error_with_the_name_of_its_picture(tmp_path, part):
    for name in "ab":
        write_png(tmp_path / f"{name}.png", picture(ord(name)))
    rows = [row(name, file_hash(tmp_path / f"{name}.png")) for name in "ab"]
    sound, odd = Counting([]), Overflowing([])
    encoder = Encoder(sound, odd if part == "text" else sound, odd if part == "image" else sound, 16)
    job = triplet_job(lambda: encoder, Roots(tmp_path, {"pool": "."}), "1")

    with pytest.raises(FloatingPointError, match="a vector of set/b holds what is no number"):
        job.compute(rows)


def test_the_halves_of_one_file_have_triplets_of_their_own(job):
    keys = {
        job.key(replace(row("a"), picture=Picture("pool", "a.png", half, "0")))
        for half in (None, "left", "right")
    }

    assert 3 == len(keys)


def test_a_row_without_a_triplet_is_dropped_with_its_reason():
    rows = [row("a"), row("gone"), row("b"), row("large")]
    failures = {3: Failed("out_of_memory", "too large"), 1: Failed("unreadable", "no picture")}
    window: Finished[Rainy, EncodedRow] = Finished(
        rows, tables.arrow_schema(EncodedRow).empty_table(), failures, EncodedRow
    )

    assert [
        ("set/gone", "set", "unreadable", "no picture"),
        ("set/large", "set", "out_of_memory", "too large"),
    ] == [(d.pair_id, d.dataset, d.reason, d.other) for d in without_triplet(window)]
