"""The stage writes the pyramid, four splits and the composition, or says what is missing."""

import csv
import json
from dataclasses import replace

import pytest

from tests.stages.judged_pool import FACTS, PARAMS, REJECTED, TYPES, ruling, verified, write_upstream
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Dropped, Pair, PyramidRow, SplitRow, Verdict
from unirain_core.errors import EmptyTypeError, GateError
from unirain_core.stages.rainrag_split import run


@pytest.fixture
def project(tmp_path):
    write_upstream(tmp_path)
    return tmp_path


def split_of(root, name):
    return tables.read(root / f"data/split/{name}.parquet", SplitRow)


def test_the_splits_share_no_scene_and_hold_the_accepted_pairs(project):
    run(project, rainrag_split=PARAMS, rain_types=TYPES)
    sets = {name: split_of(project, name) for name in ("train/rainrag", "val", "test", "unfiltered")}
    scenes = [scene for rows in sets.values() for scene in {row.scene_id for row in rows}]

    assert len(set(scenes)) == len(scenes)
    assert all({row.rain_type for row in rows} == set(TYPES) for rows in sets.values())
    assert all(row.pair_id != REJECTED for name in ("train/rainrag", "val", "test") for row in sets[name])


def test_every_pair_and_photo_stands_in_the_pyramid(project):
    run(project, rainrag_split=PARAMS, rain_types=TYPES)
    rows = {row.pair_id: row for row in tables.read(project / "data/split/pyramid.parquet", PyramidRow)}

    assert {name for name, _, _ in FACTS} | {"real/1"} == set(rows)
    assert ("low_fidelity", "rejected") == (rows[REJECTED].level, rows[REJECTED].reason)
    assert ("real", "real_photo", "none") == (
        rows["real/1"].level,
        rows["real/1"].reason,
        rows["real/1"].split,
    )


def test_composition_and_report_count_what_the_tables_hold(project):
    run(project, rainrag_split=PARAMS, rain_types=TYPES)
    lines = list(csv.DictReader((project / "data/split/composition.csv").open()))
    report = json.loads((project / "reports/rainrag_split.json").read_text())

    assert ["7", "1", "1", "5"] == [lines[0][n] for n in ("listed", "dropped", "rejected", "kept")]
    assert len(split_of(project, "train/rainrag")) == report["counts"]["train"]
    assert {"distilled": 11, "low_fidelity": 1, "real": 1} == report["levels"]


def test_a_second_run_writes_the_same_bytes(project):
    def written():
        files = sorted(p for p in (project / "data/split").rglob("*") if p.is_file())
        return {p.name: p.read_bytes() for p in [*files, project / "reports/rainrag_split.json"]}

    run(project, rainrag_split=PARAMS, rain_types=TYPES)
    first = written()
    run(project, rainrag_split=PARAMS, rain_types=TYPES)

    assert first == written()


def test_a_type_that_is_empty_somewhere_is_named_with_what_to_change(tmp_path):
    few = [(f"set/nrd/{i}", "nrd", f"other{i}") for i in range(2)]
    write_upstream(tmp_path, [fact for fact in FACTS if fact[1] == "drs"] + few)
    match = (
        r"'nrd' has no accepted pair for train and val: of its 2 verified pairs 2 were accepted, from 2 scenes"
        r".*add data, or draw less in rainrag_split, or take 'nrd' out of rain_types"
    )
    with pytest.raises(EmptyTypeError, match=match) as raised:
        run(tmp_path, rainrag_split=PARAMS, rain_types=TYPES)

    assert ("nrd",) == raised.value.rain_types
    assert not (tmp_path / "reports/rainrag_split.json").exists()


def test_test_pictures_that_close_the_scenes_of_val_are_named(tmp_path):
    write_upstream(tmp_path)
    rows = [verified(*fact) for fact in FACTS]
    rows = [replace(row, role="test") if row.rain_type == "nrd" else row for row in rows]
    tables.write(tmp_path / "data/verified/pairs.parquet", rows, Pair)
    match = r"'drs' has no accepted pair for train and val.*from 5 scenes, 5 of which hold test pictures of a dataset"

    with pytest.raises(EmptyTypeError, match=match):
        run(tmp_path, rainrag_split=PARAMS, rain_types=TYPES)


def test_a_pair_without_verdict_is_refused(project):
    tables.write(project / "data/votes/verdicts.parquet", [ruling(FACTS[0][0])], Verdict)

    with pytest.raises(GateError, match=r"11 verified pairs have no verdict"):
        run(project, rainrag_split=PARAMS, rain_types=TYPES)


def test_a_pair_that_left_before_the_vote_is_no_missing_verdict(project):
    name = FACTS[0][0]
    verdicts = [v for v in tables.read(project / "data/votes/verdicts.parquet", Verdict) if v.pair_id != name]
    tables.write(project / "data/votes/verdicts.parquet", verdicts, Verdict)
    gone = Dropped(pair_id=name, dataset="set", reason="crashed", other=None)
    tables.write(project / "data/votes/dropped.parquet", [gone], Dropped)
    run(project, rainrag_split=PARAMS, rain_types=TYPES)

    assert name not in {
        row.pair_id for row in tables.read(project / "data/split/pyramid.parquet", PyramidRow)
    }
