"""Every listed pair is counted once: dropped, rejected or kept."""

import csv
import io
from dataclasses import asdict
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tests.distill import split_by_rows
from unirain_core.artefacts.schemas import ManifestRow, Pair
from unirain_core.distill.composition import as_csv, composition


def listed(pair_id, kind="drs", dataset="a", role="train", origin="synthetic"):
    return ManifestRow(
        pair_id=pair_id,
        dataset=dataset,
        rain_types=(kind,) if role != "real" else (),
        origin=origin,
        role=role,
        root="r",
        input="i",
        target="t",
        halves=None,
        group=None,
        input_bytes=1,
        target_bytes=1,
        input_hash="",
        target_hash="",
    )


def sound(row, rain_type):
    return Pair(
        pair_id=row.pair_id, dataset=row.dataset, rain_type=rain_type, origin=row.origin, role=row.role, root="r",
        input="i", target="t", halves=None, scene_id="s", width=1, height=1, mode="RGB", clean_hash=b"",
        input_hash="", target_hash="",
    )  # fmt: skip


def made_of(manifest, pairs, accepted):
    """The composition of rows, given to it as columns."""
    rows = [asdict(row) | {"rain_types": list(row.rain_types)} for row in manifest]
    listed_schema: dict[str, Any] = dict.fromkeys(("pair_id", "dataset", "origin", "role"), pl.String)
    listed_schema |= {"rain_types": pl.List(pl.String)}
    verified = [(p.pair_id, p.rain_type, p.pair_id in accepted) for p in pairs]
    pair_schema = {"pair_id": pl.String, "rain_type": pl.String, "accepted": pl.Boolean}
    columns = pl.DataFrame([{n: row[n] for n in listed_schema} for row in rows], schema=listed_schema)
    pairs_of_pool = pl.DataFrame(verified, schema=pair_schema, orient="row")
    cut = len(rows) // 3
    is_before = pairs_of_pool["pair_id"].is_in(columns[:cut]["pair_id"].implode())
    pieces = (
        (columns[:cut], pairs_of_pool.filter(is_before)),
        (columns[cut:], pairs_of_pool.filter(~is_before)),
    )
    return composition(pieces)


MANIFEST = [
    listed("1"),
    listed("2"),
    listed("3"),
    listed("4", "luma:drs|nrs", dataset="b", origin="real"),
    listed("5", "luma:drs|nrs", dataset="b", origin="real"),
    listed("6", role="real"),
]
PAIRS = [sound(MANIFEST[0], "drs"), sound(MANIFEST[1], "drs"), sound(MANIFEST[3], "nrs")]


def test_rows_stand_by_source_type_and_origin_with_hand_counted_numbers():
    rows = made_of(MANIFEST, PAIRS, {"1", "4"})

    assert [
        ("a", "drs", "synthetic", 3, 1, 1, 1, 33.3),
        ("b", "nrs", "real", 1, 0, 0, 1, 100.0),
        ("b", "undecided", "real", 1, 1, 0, 0, 0.0),
        ("total", "", "", 5, 2, 1, 2, 40.0),
        ("paper (published)", "", "", None, None, None, 52_869, 2.6),
    ] == [
        (r.source, r.rain_type, r.origin, r.listed, r.dropped, r.rejected, r.kept, r.retention_percent)
        for r in rows
    ]


def test_the_csv_reads_back_and_leaves_the_unknown_empty():
    lines = list(csv.DictReader(io.StringIO(as_csv(made_of(MANIFEST, PAIRS, {"1", "4"})))))

    assert ("", "52869", "2.6") == tuple(lines[-1][n] for n in ("listed", "kept", "retention_percent"))
    assert "33.3" == lines[0]["retention_percent"]


def test_an_empty_pool_has_a_total_of_nothing():
    total = made_of([], [], set())[0]

    assert (0, 0, None) == (total.listed, total.kept, total.retention_percent)


FACTS = st.tuples(
    st.sampled_from(["drs", "nrs", "luma:drs|nrs"]),
    st.sampled_from("ab"),
    st.sampled_from(["train", "test", "real"]),
    st.sampled_from(["synthetic", "real"]),
    st.sampled_from([None, "drs", "nrd"]),
    st.booleans(),
)


@given(st.lists(FACTS, max_size=30))
def test_columns_count_as_rows_do(facts):
    manifest = [
        listed(f"p{i}", kind, where, role, origin)
        for i, (kind, where, role, origin, _, _) in enumerate(facts)
    ]
    pairs = [
        sound(row, fact[4])
        for row, fact in zip(manifest, facts, strict=True)
        if fact[4] and row.role != "real"
    ]
    accepted = {row.pair_id for row, fact in zip(manifest, facts, strict=True) if fact[5]}
    expected = split_by_rows.composition(manifest, pairs, accepted)
    lines = made_of(manifest, pairs, accepted)[:-2]

    assert expected == {(r.source, r.rain_type, r.origin): (r.listed, r.dropped, r.rejected) for r in lines}


def test_pairs_of_benchmarks_stand_in_a_row_of_their_own_and_lower_no_retention():
    scored = [listed(str(number), dataset="c", role="benchmark") for number in (7, 8, 9)]
    rows = made_of([*MANIFEST, *scored], PAIRS, {"1", "4"})
    plain = made_of(MANIFEST, PAIRS, {"1", "4"})

    assert plain == [row for row in rows if row.source != "benchmarks (only scored)"]
    assert (3, None, None, 0, None) == (
        rows[-2].listed, rows[-2].dropped, rows[-2].rejected, rows[-2].kept, rows[-2].retention_percent,
    )  # fmt: skip
