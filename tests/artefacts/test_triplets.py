"""Triplets come back as columns; their pictures stay on the disk, and damage to either file is refused."""

import numpy as np
import pyarrow as pa
import pytest

from unirain_core.artefacts import tables, triplets
from unirain_core.artefacts.schemas import TripletRow
from unirain_core.artefacts.triplets import EncodedRow, TripletFiles
from unirain_core.errors import MissingArtefactError, SchemaError

SIDE = 4


def rows(count, encoder="e", side=SIDE):
    rng = np.random.default_rng(count)
    return [
        EncodedRow(
            id=f"set/{n}",
            caption=f"caption {n}",
            caption_form="f",
            text_vector=rng.normal(size=3).astype(np.float32),
            image_vector=rng.normal(size=2).astype(np.float32),
            picture=rng.integers(0, 256, side * side, dtype=np.uint8).tobytes(),
            encoder=encoder,
            input_hash=f"h{n}",
        )
        for n in range(count)
    ]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data/triplets"


def test_rows_come_back_as_columns_in_batches_of_their_order(folder):
    written = rows(7)
    with triplets.writer(folder) as out:
        for start in range(0, 7, 2):
            out.rows(written[start : start + 2])
    batches = list(TripletFiles.open(folder).batches(3))

    assert [3, 3, 1] == [len(batch.ids) for batch in batches]
    assert [row.id for row in written] == [name for batch in batches for name in batch.ids]
    assert [row.input_hash for row in written] == [h for batch in batches for h in batch.input_hashes]
    for field, name in (("text_vector", "text"), ("image_vector", "image")):
        expected = np.stack([getattr(row, field) for row in written])
        np.testing.assert_array_equal(expected, np.concatenate([getattr(batch, name) for batch in batches]))
    pictures = np.concatenate([batch.pictures for batch in batches])
    assert [row.picture for row in written] == [picture.tobytes() for picture in pictures]


def test_all_triplets_at_once_are_the_columns_of_the_rows(folder):
    written = rows(2500)
    triplets.write(folder, written)
    back, expected = TripletFiles.open(folder).read(), triplets.Triplets.of(written)

    assert (expected.ids, expected.encoders) == (back.ids, back.encoders)
    for name in ("text", "image", "pictures"):
        np.testing.assert_array_equal(getattr(expected, name), getattr(back, name))
        assert getattr(expected, name).dtype == getattr(back, name).dtype


def test_pictures_stay_on_the_disk(folder):
    triplets.write(folder, rows(3))

    assert isinstance(TripletFiles.open(folder).pictures.base, np.memmap)


def test_the_table_holds_the_caption_and_no_picture(folder):
    triplets.write(folder, rows(2))

    assert ["caption 0", "caption 1"] == [
        r.caption for r in tables.read(folder / "triplets.parquet", TripletRow)
    ]
    assert "picture" not in tables.arrow_schema(TripletRow).names


def test_no_rows_make_files_without_triplets(folder):
    triplets.write(folder, [])
    files = TripletFiles.open(folder)

    assert (0, ()) == (files.count, files.encoders)
    assert [] == list(files.batches(5))


def test_equal_rows_give_equal_bytes(tmp_path):
    for name in "ab":
        triplets.write(tmp_path / name, rows(5))

    for file in ("triplets.parquet", "pictures.npy"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_columns_in_pieces_give_the_bytes_of_the_rows_at_once(tmp_path):
    written = rows(2500)
    triplets.write(tmp_path / "rows", written)
    schema = tables.arrow_schema(EncodedRow)
    columns = {field.name: [getattr(row, field.name) for row in written] for field in schema}
    whole = pa.table([pa.array(columns[field.name], field.type) for field in schema], schema=schema)
    with triplets.writer(tmp_path / "pieces") as both:
        for start, stop in ((0, 1), (1, 1), (1, 2000), (2000, 2500)):
            both.columns(whole[start:stop])

    assert 2500 == both.count
    for file in ("triplets.parquet", "pictures.npy"):
        assert (tmp_path / "rows" / file).read_bytes() == (tmp_path / "pieces" / file).read_bytes()


def test_a_picture_of_another_side_ends_the_writing_and_leaves_nothing(folder):
    with pytest.raises(ValueError, match="side 4 are expected, found one of 5"):
        triplets.write(folder, [*rows(2), *rows(1, side=5)])

    assert [] == list(folder.iterdir())


def test_every_encoder_of_a_table_is_named(folder):
    triplets.write(folder, [*rows(2, "b"), *rows(1, "a")])

    assert ("a", "b") == TripletFiles.open(folder).encoders


def test_vectors_of_different_lengths_are_refused_with_the_command_that_mends(folder):
    triplets.write(folder, rows(2))
    ragged = tables.read(folder / "triplets.parquet", TripletRow)
    ragged[1].text_vector.resize(2, refcheck=False)
    tables.write(folder / "triplets.parquet", ragged, TripletRow)

    with pytest.raises(SchemaError, match=r"text_vector have different lengths.*force query_triplets`$"):
        TripletFiles.open(folder).read()


def spoil(file, damage):
    content = file.read_bytes()
    match damage:
        case "emptied":
            file.write_bytes(b"")
        case "cut":
            file.write_bytes(content[:-1])
        case "too long":
            file.write_bytes(content + b"\0")
        case "no array":
            file.write_bytes(b"x" * len(content))
        case "a header alone":
            file.write_bytes(content[:40])
        case "one picture less":
            np.save(file, np.load(file)[:-1])
        case "not square":
            np.save(file, np.load(file).reshape(3, 2, 8))
        case "other numbers":
            np.save(file, np.load(file).astype(np.int8))


@pytest.mark.parametrize(
    "damage",
    [
        "emptied",
        "cut",
        "too long",
        "no array",
        "a header alone",
        "one picture less",
        "not square",
        "other numbers",
    ],
)
def test_a_damaged_file_of_pictures_is_refused_with_the_command_that_mends(folder, damage):
    triplets.write(folder, rows(3))
    spoil(folder / "pictures.npy", damage)

    with pytest.raises(SchemaError, match=r"pictures\.npy.*run `dvc repro --force query_triplets`$"):
        TripletFiles.open(folder)


def test_a_flipped_bit_in_the_header_of_the_pictures_is_refused_or_changes_nothing(folder):
    triplets.write(folder, rows(3))
    file = folder / "pictures.npy"
    whole = file.read_bytes()
    expected = TripletFiles.open(folder).pictures.copy()
    for bit in range(8 * (len(whole) - expected.size)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        file.write_bytes(flipped)
        try:
            pictures = TripletFiles.open(folder).pictures
        except SchemaError:
            continue

        np.testing.assert_array_equal(expected, pictures)


def test_absent_pictures_name_the_stage_that_writes_them(tmp_path):
    triplets.write(tmp_path / "data/database", rows(3))
    (tmp_path / "data/database/pictures.npy").unlink()

    with pytest.raises(MissingArtefactError, match=r"pictures\.npy does not exist.*real_rain_database`$"):
        TripletFiles.open(tmp_path / "data/database")
