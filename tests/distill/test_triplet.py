import pickle
from functools import partial

import numpy as np
import pyarrow as pa
import pytest

from unirain_core.artefacts import tables
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.triplets import EncodedRow, TripletFiles
from unirain_core.config.sections import Encoders
from unirain_core.distill.triplet import (
    PictureRow,
    structure_picture,
    triplet_job,
    write_triplets,
)
from unirain_core.engine.jobs import Failed, Finished
from unirain_core.imaging.codec import file_hash, write_png
from unirain_core.stages.encoders import make_encoder


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
    return triplet_job(partial(make_encoder, Encoders()), Roots(tmp_path, {"pool": "pool"}), "1")


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
    other = triplet_job(partial(make_encoder, Encoders(structure_side=64)), Roots(tmp_path), "1")
    keys = [job.key(row("a")), job.key(row("a", "1")), other.key(row("a"))]

    assert len(keys) == len(set(keys))
    assert keys[0] == job.key(row("a"))


def test_a_row_without_a_triplet_is_dropped_with_its_reason(job, tmp_path):
    rows = [
        row("a", file_hash(tmp_path / "pool/a.png")),
        row("gone"),
        row("b", file_hash(tmp_path / "pool/b.png")),
    ]
    encoded = job.compute([rows[0], rows[2]])
    schema = tables.arrow_schema(EncodedRow)
    columns = [pa.array([getattr(r, f.name) for r in encoded], type=f.type) for f in schema]
    results = pa.table(columns, schema=schema)
    failures = {1: Failed("out_of_memory", "too large")}
    window: Finished[PictureRow, EncodedRow] = Finished(
        rows=rows, results=results, failures=failures, output=EncodedRow
    )
    dropped = write_triplets(tmp_path / "out", [window])
    back = TripletFiles.open(tmp_path / "out").read()

    assert ("set/a", "set/b") == back.ids
    assert [r.picture for r in encoded] == [p.tobytes() for p in back.pictures]
    assert [("set/gone", "set", "out_of_memory", "too large")] == [
        (d.pair_id, d.dataset, d.reason, d.other) for d in dropped
    ]
