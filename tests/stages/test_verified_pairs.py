"""The stage: rows are conserved, gates hold, a second run computes nothing."""

import json

import numpy as np
import pytest
from skimage import data

from tests.engine.in_process import InProcess
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Dropped, ManifestRow, Pair, RealPhoto
from unirain_core.config.sections import RainType, VerifiedPairs
from unirain_core.distill.inspection import InspectRows
from unirain_core.engine import rows as rows_module
from unirain_core.errors import ChangedInputError, EmptyTypeError, SchemaError
from unirain_core.imaging.codec import file_hash, to_uint8, write_png
from unirain_core.stages import verified_pairs


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("UNIRAIN_WORKERS", "1")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "roots.local.yaml").write_text("here: pictures\n")
    return tmp_path


def picture(scene, seed=None):
    clean = np.ascontiguousarray(
        {"a": data.astronaut, "b": data.coffee, "c": data.chelsea}[scene]()[:96, :128]
    )
    if seed is None:
        return clean
    noise = np.random.default_rng(seed).random(clean.shape[:2]) > 0.97
    streaks = np.sum([np.roll(noise, k, axis=0) for k in range(8)], axis=0) > 0
    return to_uint8(clean / 255 * (1 - 0.6 * streaks[..., None]) + 0.6 * streaks[..., None])


def listed(project, pair_id, rainy, clean, **fields):
    """A manifest row whose pictures are written where it says."""
    paths: list[str | None] = [None, None]
    for side, content in enumerate((rainy, clean)):
        if content is not None:
            name = f"{pair_id.replace('/', '_')}_{side}.png"
            write_png(project / "pictures" / name, content)
            paths[side] = name
    hashes = [p and file_hash(project / "pictures" / p) for p in paths]
    defaults = {"rain_types": ("drs",), "origin": "synthetic", "role": "train", "group": None, "halves": None}
    return ManifestRow(
        pair_id=pair_id,
        dataset=pair_id.split("/")[0],
        root="here",
        input=paths[0] or "",
        target=paths[1],
        input_bytes=1,
        target_bytes=None if paths[1] is None else 1,
        input_hash=hashes[0] or "",
        target_hash=hashes[1],
        **(defaults | fields),
    )


def run(project, rows, rain_types=("drs",)):
    in_order = sorted(rows, key=lambda row: row.pair_id)
    tables.write(project / "data/raw/manifest.parquet", in_order, ManifestRow)
    verified_pairs.run(project, verified_pairs=VerifiedPairs(), rain_types=rain_types)
    folder = project / "data/verified"
    return (
        tables.read(folder / "pairs.parquet", Pair),
        tables.read(folder / "real.parquet", RealPhoto),
        tables.read(folder / "dropped.parquet", Dropped),
    )


def rows_of(project):
    return [
        listed(project, "set/good", picture("a", 1), picture("a")),
        listed(project, "set/other rain", picture("a", 2), picture("a")),
        listed(project, "set/twice", picture("a", 1), picture("a")),
        listed(project, "set/wrong", picture("a", 3), picture("b")),
        listed(project, "set/leak", picture("c", 4), picture("c")),
        listed(project, "bench/test", picture("c", 5), picture("c"), role="test"),
        listed(project, "real/photo", picture("b", 6), None, role="real", rain_types=()),
    ]


def test_every_row_is_kept_or_dropped_with_its_reason(project):
    rows = rows_of(project)
    pairs, photos, dropped = run(project, rows)

    assert [p.pair_id for p in pairs] == ["bench/test", "set/good", "set/other rain"]
    assert [p.photo_id for p in photos] == ["real/photo"]
    assert {d.pair_id: (d.reason, d.other) for d in dropped} == {
        "set/twice": ("duplicate", "set/good"),
        "set/wrong": ("wrong_clean", dropped[-1].other),
        "set/leak": ("leaks_into_benchmark", "bench/test"),
    }
    assert len(rows) == len(pairs) + len(photos) + len(dropped)


def test_the_report_counts_what_the_tables_hold(project):
    pairs, photos, dropped = run(project, rows_of(project))
    written = json.loads((project / "reports/verified_pairs.json").read_text())

    assert written["counts"] == {
        "listed": 7, "pairs": len(pairs), "photos": len(photos), "dropped": len(dropped), "scenes": 2, "drs": 3
    }  # fmt: skip
    assert sum(written["reasons"].values()) == len(dropped)


def test_a_second_run_opens_no_picture_and_gives_the_same(project):
    rows = rows_of(project)
    first = run(project, rows)
    for file in (project / "pictures").iterdir():
        file.unlink()

    assert first == run(project, rows)


def test_a_pair_in_one_file_stands_for_both_sides(project):
    both = np.concatenate([picture("a"), picture("a", 1)], axis=1)
    (pair,), _, _ = run(project, [listed(project, "set/both", both, None, halves="left")])

    assert (pair.input, pair.halves, pair.width) == (pair.target, "left", 128)
    assert pair.target_hash == pair.input_hash


def test_a_type_without_pairs_is_named_and_said_to_add_or_take_out(project):
    with pytest.raises(EmptyTypeError, match=r"nrd.*add a dataset.*take nrd out of rain_types") as raised:
        run(project, rows_of(project), rain_types=("drs", "nrd"))

    assert ("nrd",) == raised.value.rain_types


def test_a_pair_whose_daytime_is_not_listed_is_dropped(project):
    night = [to_uint8(0.2 * p / 255) for p in (picture("b", 7), picture("b"))]
    rows = [
        listed(project, "set/day", picture("a", 1), picture("a"), rain_types=("luma:drs|nrs",)),
        listed(project, "set/night", *night, rain_types=("luma:drs|nrs",)),
    ]
    _, _, dropped = run(project, rows)

    assert [(d.pair_id, d.reason, d.other) for d in dropped] == [("set/night", "type_not_listed", "nrs")]


def test_an_exchanged_file_stops_the_stage_at_its_end_and_the_others_are_kept(project):
    rows = rows_of(project)
    write_png(project / "pictures" / str(rows[0].input), picture("b"))
    with pytest.raises(ChangedInputError, match="has changed since it was listed"):
        run(project, rows)
    for file in (project / "pictures").iterdir():
        if file.name != rows[0].input:
            file.unlink()  # what was inspected is in the store
    write_png(project / "pictures" / str(rows[0].input), picture("a", 1))
    write_png(project / "pictures" / str(rows[0].target), picture("a"))

    assert len(rows) == sum(map(len, run(project, rows)))


def test_a_row_whose_work_crashes_is_dropped_with_its_reason_and_the_rest_is_kept(project, monkeypatch):
    rows = rows_of(project)

    def compute(self, batch):
        if any(row.pair_id == "set/good" for row in batch):
            raise RuntimeError("a library gave up")
        return inspect_rows(self, batch)

    inspect_rows = InspectRows.compute
    monkeypatch.setattr(InspectRows, "compute", compute)
    monkeypatch.setattr(rows_module, "make_engine", InProcess)
    pairs, photos, dropped = run(project, rows)

    assert ("set/good", "crashed") in {(d.pair_id, d.reason) for d in dropped}
    assert len(rows) == len(pairs) + len(photos) + len(dropped)


def test_rows_leave_in_the_order_of_the_manifest(project):
    pairs, _, dropped = run(project, rows_of(project))

    assert [p.pair_id for p in pairs] == sorted(p.pair_id for p in pairs)
    assert [d.pair_id for d in dropped] == sorted(d.pair_id for d in dropped)
    assert ("set/twice", "set/good") in {(d.pair_id, d.other) for d in dropped}


def test_a_manifest_that_does_not_stand_in_the_order_of_its_ids_is_refused(project):
    rows = sorted(rows_of(project), key=lambda row: row.pair_id, reverse=True)

    tables.write(project / "data/raw/manifest.parquet", rows, ManifestRow)

    with pytest.raises(SchemaError, match=r"stands after .* run `dvc repro --force raw_datasets`"):
        verified_pairs.run(project, verified_pairs=VerifiedPairs(), rain_types=(RainType("drs"),))
