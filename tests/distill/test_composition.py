"""Every listed pair is counted once: dropped, rejected or kept."""

import csv
import io

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
    rows = composition(MANIFEST, PAIRS, {"1", "4"})

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
    lines = list(csv.DictReader(io.StringIO(as_csv(composition(MANIFEST, PAIRS, {"1", "4"})))))

    assert ("", "52869", "2.6") == tuple(lines[-1][n] for n in ("listed", "kept", "retention_percent"))
    assert "33.3" == lines[0]["retention_percent"]


def test_an_empty_pool_has_a_total_of_nothing():
    total = composition([], [], set())[0]

    assert (0, 0, None) == (total.listed, total.kept, total.retention_percent)
