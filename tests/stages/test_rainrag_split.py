"""The stage writes the pyramid, four splits, the composition and the page, or says what is missing."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import (
    Dropped,
    ManifestRow,
    Pair,
    PyramidRow,
    RealPhoto,
    Reference,
    SplitRow,
    TripletRow,
    Verdict,
    Vote,
)
from unirain_core.config.sections import Draw, RainragSplit, RainType
from unirain_core.errors import GateError, MissingInputError
from unirain_core.stages.rainrag_split import run

TYPES = (RainType("drs"), RainType("nrd"))
DRAW = Draw(per_type=1, per_scene=1)
PARAMS = RainragSplit(seed=0, unfiltered=DRAW, test=DRAW, val=DRAW)
FACTS = [(f"set/{t}/{i}", t, f"scene{i}") for t in TYPES for i in range(6)]
REJECTED = "set/drs/0"


def manifest_row(name, rain_type, role="train"):
    return ManifestRow(
        pair_id=name, dataset="set", rain_types=(rain_type,) if role != "real" else (), origin="synthetic", role=role,
        root="here", input=f"{name}.png", target=f"{name}.png" if role != "real" else None, halves=None, group=None,
        input_bytes=1, target_bytes=1, input_hash="i", target_hash="t",
    )  # fmt: skip


def verified(name, rain_type, scene):
    return Pair(
        pair_id=name, dataset="set", rain_type=rain_type, origin="synthetic", role="train", root="here",
        input=f"{name}.png", target=f"{name}.png", halves=None, scene_id=scene, width=6, height=4, mode="RGB",
        clean_hash=b"", input_hash="i", target_hash="t",
    )  # fmt: skip


def triplet(name):
    vector = np.zeros(2, dtype=np.float32)
    return TripletRow(
        id=name, caption=f"caption of {name}", caption_form="f", text_vector=vector, image_vector=vector,
        picture=b"", encoder="e", input_hash="i",
    )  # fmt: skip


def ruling(name):
    good = name != REJECTED
    return Verdict(pair_id=name, yes=3 * good, no=3 * (not good), abstained=0, verdict=good, calls=3)


def ballot(name):
    return Vote(
        pair_id=name, judge="statistics/nss", vote=name != REJECTED, p_yes=0.9, threshold=0.5, mass=1.0, reply="",
        reason="too dark", prompt_hash="",
    )  # fmt: skip


def write_upstream(root, facts=FACTS):
    photo = RealPhoto(
        photo_id="real/1", dataset="real", root="here", input="real/1.png", width=6, height=4, mode="RGB",
        input_hash="i",
    )  # fmt: skip
    manifest = [manifest_row(n, t) for n, t, _ in facts] + [manifest_row("real/1", "", role="real")]
    manifest.append(manifest_row("set/drs/torn", "drs"))
    torn = Dropped(pair_id="set/drs/torn", dataset="set", reason="truncated", other=None)
    files = {
        ("raw/manifest", ManifestRow): manifest,
        ("raw/dropped", Dropped): [],
        ("verified/pairs", Pair): [verified(*fact) for fact in facts],
        ("verified/real", RealPhoto): [photo],
        ("verified/dropped", Dropped): [torn],
        ("triplets/triplets", TripletRow): [triplet(n) for n, _, _ in facts],
        ("database/triplets", TripletRow): [triplet("real/1")],
        ("references/references", Reference): [
            Reference(pair_id=n, rank=0, reference_id="real/1", s_txt=0.5, s_vis=0.5, s_perc=0.5)
            for n, _, _ in facts
        ],
        ("votes/votes", Vote): [ballot(n) for n, _, _ in facts],
        ("votes/verdicts", Verdict): [ruling(n) for n, _, _ in facts],
    }
    for (name, row_class), rows in files.items():
        tables.write(root / f"data/{name}.parquet", rows, row_class)
    for row in manifest:
        path = root / row.input
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((4, 6, 3), dtype=np.uint8)).save(path)
    (root / "roots.local.yaml").write_text("here: .\n")


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


def test_the_gallery_shows_kept_rejected_dropped_and_real_pictures(project):
    run(project, rainrag_split=PARAMS, rain_types=TYPES)
    html = (project / "data/split/gallery.html").read_text()

    for text in (
        "set/nrd/5",
        REJECTED,
        "set/drs/torn",
        "real/1",
        "too dark",
        "Statistics judged these pictures (statistics/nss)",
    ):
        assert text in html


def test_a_second_run_writes_the_same_bytes(project):
    def written():
        files = sorted(p for p in (project / "data/split").rglob("*") if p.is_file())
        return {p.name: p.read_bytes() for p in [*files, project / "reports/rainrag_split.json"]}

    run(project, rainrag_split=PARAMS, rain_types=TYPES)
    first = written()
    run(project, rainrag_split=PARAMS, rain_types=TYPES)

    assert first == written()


def test_a_type_that_is_empty_somewhere_is_answered_with_the_smallest_download(tmp_path):
    few = [(f"set/nrd/{i}", "nrd", f"other{i}") for i in range(2)]
    write_upstream(tmp_path, [fact for fact in FACTS if fact[1] == "drs"] + few)
    match = (
        r"'nrd' has no accepted pair for train and val: of its 2 verified pairs 2 were accepted, from 2 scenes"
        r".*smallest useful download is hq-nightrain .*take 'nrd' out of rain_types"
    )
    with pytest.raises(MissingInputError, match=match):
        run(tmp_path, rainrag_split=PARAMS, rain_types=TYPES)

    assert not (tmp_path / "reports/rainrag_split.json").exists()


def test_test_pictures_that_close_the_scenes_of_val_are_named(tmp_path):
    write_upstream(tmp_path)
    rows = [verified(*fact) for fact in FACTS]
    rows = [replace(row, role="test") if row.rain_type == "nrd" else row for row in rows]
    tables.write(tmp_path / "data/verified/pairs.parquet", rows, Pair)
    match = r"'drs' has no accepted pair for train and val.*from 5 scenes, 5 of which hold test pictures of a dataset"

    with pytest.raises(MissingInputError, match=match):
        run(tmp_path, rainrag_split=PARAMS, rain_types=TYPES)


def test_a_pair_without_verdict_is_refused(project):
    tables.write(project / "data/votes/verdicts.parquet", [ruling(FACTS[0][0])], Verdict)

    with pytest.raises(GateError, match=r"11 verified pairs have no verdict"):
        run(project, rainrag_split=PARAMS, rain_types=TYPES)
