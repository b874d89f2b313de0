"""Tables are whole, checked on both sides, and refuse what they do not know."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import ManifestRow, TripletRow, Verdict
from unirain_core.errors import MissingArtefactError, SchemaError

ROW = ManifestRow(
    pair_id="a/1", dataset="a", rain_types=("drs", "drd"), origin="real", role="train", root="a", input="1.png",
    target=None, halves=None, group=None, input_bytes=3, target_bytes=None, input_hash="00", target_hash=None,
)  # fmt: skip


def test_rows_come_back_as_they_went(tmp_path):
    rows = [ROW, replace(ROW, pair_id="ü b/2", rain_types=(), target="t.png")]
    tables.write(tmp_path / "t.parquet", rows, ManifestRow)

    assert rows == tables.read(tmp_path / "t.parquet", ManifestRow)


def test_an_empty_table_is_a_table(tmp_path):
    tables.write(tmp_path / "t.parquet", [], ManifestRow)

    assert [] == tables.read(tmp_path / "t.parquet", ManifestRow)


def test_vectors_come_back_as_float32(tmp_path):
    vector = np.array([0.1, -2.0], dtype=np.float32)
    row = TripletRow(
        id="a", caption="c", caption_form="f", text_vector=vector, image_vector=vector, picture=b"\x00\x01",
        encoder="e", input_hash="h",
    )  # fmt: skip
    tables.write(tmp_path / "t.parquet", [row], TripletRow)
    back = tables.read(tmp_path / "t.parquet", TripletRow)[0]

    assert np.float32 == back.text_vector.dtype
    np.testing.assert_array_equal(vector, back.text_vector)


@given(st.lists(st.tuples(st.text(max_size=5), st.integers(0, 3), st.booleans()), max_size=8))
def test_equal_rows_give_equal_bytes(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("t")
    rows = [Verdict(pair_id=t, yes=n, no=0, abstained=0, verdict=b, calls=3) for t, n, b in values]
    for name in ("a", "b"):
        tables.write(folder / name, rows, Verdict)

    assert (folder / "a").read_bytes() == (folder / "b").read_bytes()


def test_null_where_none_is_allowed_is_named(tmp_path):
    with pytest.raises(SchemaError, match="null in origin"):
        tables.write(tmp_path / "t.parquet", [replace(ROW, origin=None)], ManifestRow)  # type: ignore[arg-type]

    assert not (tmp_path / "t.parquet").exists()


def test_a_missing_table_names_the_stage_that_writes_it(tmp_path):
    with pytest.raises(MissingArtefactError, match="dvc repro raw_datasets"):
        tables.read(tmp_path / "none.parquet", ManifestRow)


@given(st.integers(0, 10**6), st.integers(0, 7))
def test_a_flipped_bit_never_changes_a_value_silently(tmp_path_factory, place, bit):
    """Data pages carry checksums; a flip elsewhere is refused, or changes nothing that is read."""
    rows = [replace(ROW, pair_id=f"a/{n}", input_bytes=n, group=f"g{n % 3}") for n in range(50)]
    path = tmp_path_factory.mktemp("t") / "t.parquet"
    tables.write(path, rows, ManifestRow)
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 1 << bit
    path.write_bytes(content)
    back: list[ManifestRow] | str
    try:
        back = tables.read(path, ManifestRow)
    except SchemaError as error:
        back = str(error)

    assert rows == back or "dvc repro --force raw_datasets" in back


def test_other_columns_are_refused(tmp_path):
    pq.write_table(pa.table({"pair_id": ["a"]}), tmp_path / "t.parquet")
    with pytest.raises(SchemaError, match="columns differ from ManifestRow"):
        tables.read(tmp_path / "t.parquet", ManifestRow)


def test_a_file_that_is_no_table_is_refused(tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"no parquet")
    with pytest.raises(SchemaError, match="is damaged"):
        tables.read(tmp_path / "t.parquet", ManifestRow)
