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
        id="a", caption="c", caption_form="f", text_vector=vector, image_vector=vector, encoder="e",
        input_hash="h",
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


def test_bytes_do_not_depend_on_the_pieces_in_which_rows_came(tmp_path):
    rows = [
        Verdict(pair_id=f"a/{i:06d}", yes=i % 4, no=0, abstained=0, verdict=i % 2 == 0, calls=3)
        for i in range(20_000)
    ]
    tables.write(tmp_path / "whole", rows, Verdict)
    with tables.writer(tmp_path / "pieces", Verdict) as table:
        for start in range(0, len(rows), 777):
            table.rows(rows[start : start + 777])
    frame = tables.columns(
        tmp_path / "whole", Verdict, ["calls", "verdict", "abstained", "no", "yes", "pair_id"]
    )
    with tables.writer(tmp_path / "frame", Verdict) as table:
        table.columns(frame[:9_000])
        table.columns(frame[9_000:])

    assert (tmp_path / "whole").read_bytes() == (tmp_path / "pieces").read_bytes()
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "frame").read_bytes()


def test_a_table_is_read_by_columns_and_in_batches(tmp_path):
    rows = [Verdict(pair_id=f"a/{i}", yes=i % 4, no=0, abstained=0, verdict=True, calls=3) for i in range(10)]
    tables.write(tmp_path / "t", rows, Verdict)
    pieces = list(tables.batches(tmp_path / "t", Verdict, ["yes", "pair_id"], rows=4))

    assert [4, 4, 2] == [len(piece) for piece in pieces]
    assert ["yes", "pair_id"] == pieces[0].column_names
    assert [row.yes for row in rows] == tables.columns(tmp_path / "t", Verdict, ["yes"])["yes"].to_list()
    assert rows[4:8] == tables.rows_of(list(tables.batches(tmp_path / "t", Verdict, rows=4))[1], Verdict)


def test_columns_of_another_class_are_not_written(tmp_path):
    with (
        pytest.raises(SchemaError, match="no columns of Verdict"),
        tables.writer(tmp_path / "t", Verdict) as table,
    ):
        table.columns(pa.table({"pair_id": ["a/1"]}))

    assert not (tmp_path / "t").exists()


def test_damage_that_shows_in_a_later_batch_is_named(tmp_path):
    rows = [
        Verdict(pair_id=f"a/{i}", yes=i % 4, no=0, abstained=0, verdict=True, calls=3) for i in range(20_000)
    ]
    path = tmp_path / "t.parquet"
    tables.write(path, rows, Verdict)
    content = bytearray(path.read_bytes())
    last_page = pq.ParquetFile(path).metadata.row_group(2).column(0).data_page_offset
    content[last_page + 60] ^= 1
    path.write_bytes(bytes(content))

    with pytest.raises(SchemaError, match="is damaged"):
        list(tables.batches(path, Verdict, ["pair_id"]))


def test_bytes_that_were_read_are_parsed_though_their_file_is_gone_meanwhile(tmp_path):
    rows = [Verdict(pair_id="a/1", yes=1, no=2, abstained=0, verdict=False, calls=3)]
    content = tables.encode(rows, Verdict, keys=["00"])

    assert rows == tables.rows_of(tables.parse(tmp_path / "gone.parquet", content, Verdict), Verdict)


def test_rows_are_counted_without_being_read(tmp_path):
    path = tmp_path / "data/votes/verdicts.parquet"
    rows = [Verdict(pair_id=str(n), yes=0, no=3, abstained=0, verdict=False, calls=2) for n in range(5)]
    tables.write(path, rows, Verdict)

    assert 5 == tables.count(path, Verdict)
    with pytest.raises(MissingArtefactError, match="vlm_votes"):
        tables.count(path.parent / "others.parquet", Verdict)
