"""Pictures that the project did not make go through `dvc repro`, from folders to tables, and none disappears."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from benchmarks.tiny_project import ROOT, run, tiny_project
from unirain_core.artefacts import tables
from unirain_core.artefacts.reasons import REASONS
from unirain_core.artefacts.schemas import Dropped, ManifestRow, Pair, PyramidRow, RealPhoto, Score, SplitRow

SETS = {"HQ-NightRain": 2, "Rain100H": 1, "Rain100L": 1, "RainDrop": 3, "Windshield": 1, "RoadScene-rain-day": 8,
        "RoadScene-rain-night": 8}  # fmt: skip
PHOTOS = 38

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        "UNIRAIN_PUBLIC_RAIN" not in os.environ, reason="UNIRAIN_PUBLIC_RAIN names no folder of public pairs"
    ),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tiny_project(tmp_path_factory.mktemp("public-rain") / "project")
    copy_pictures(Path(os.environ["UNIRAIN_PUBLIC_RAIN"]), folder.parent / "pictures")
    write_params(folder / "params.yaml")
    (folder / "roots.local.yaml").write_text("public_rain: ../pictures\n", encoding="utf-8")
    run(folder, sys.executable, "-m", "dvc", "repro")
    return folder


def copy_pictures(public, to):
    """Copies, not links: a link that leads out of a root is refused."""
    for name, number in SETS.items():
        for rainy in sorted((public / name / "input").iterdir())[:number]:
            (clean,) = (public / name / "target").glob(f"{rainy.stem}.*")
            for file in (rainy, clean):
                copy(file, to / file.relative_to(public))
    for photo in sorted(f for f in (public / "unpaired").rglob("*") if f.is_file())[:PHOTOS]:
        copy(photo, to / photo.relative_to(public))
    torn = max((to / "RoadScene-rain-night/input").iterdir())
    torn.write_bytes(torn.read_bytes()[:9999])


def copy(file, to):
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, to)


def write_params(path):
    """The profile with the copied sets alone and few steps; every picture is a scene, so that few suffice."""
    yaml = YAML()
    params = yaml.load(ROOT / "params.public-rain.yaml")
    datasets = params["raw_datasets"]["datasets"]
    for name in [n for n, d in datasets.items() if d["folder"] not in {*SETS, "unpaired"}]:
        del datasets[name]
    for name in ("roadscene-day", "roadscene-night"):
        del datasets[name]["scene_rule"]
    for name in ("unfiltered", "test", "val"):
        params["rainrag_split"][name] = {"per_type": 1, "per_scene": 1, "max_share": 1.0}
    del params["variants"]["uniform"]
    params["networks"]["small"] |= {"dim": 8, "heads": [1, 1, 2]}
    params["training"] |= {"steps": 30, "validate_every": 15, "save_every": 15, "val_crops_per_type": 1}
    yaml.dump(params, path)


def rows(project, file, row):
    return tables.read(project / "data" / file, row)


def test_every_picture_is_listed_or_dropped(project):
    listed = rows(project, "raw/manifest.parquet", ManifestRow)
    dropped = rows(project, "raw/dropped.parquet", Dropped)

    assert sum(SETS.values()) + PHOTOS == len(listed) + len(dropped)


def test_every_listed_row_is_verified_or_dropped_and_every_verified_one_stands_in_the_pyramid(project):
    listed = rows(project, "raw/manifest.parquet", ManifestRow)
    pairs = rows(project, "verified/pairs.parquet", Pair)
    photos = rows(project, "verified/real.parquet", RealPhoto)
    dropped = rows(project, "verified/dropped.parquet", Dropped)
    kept = {p.pair_id for p in pairs} | {p.photo_id for p in photos}

    assert {"drs", "drd", "nrs"} == {pair.rain_type for pair in pairs}
    assert len(listed) == len(pairs) + len(photos) + len(dropped)
    assert kept == {row.pair_id for row in rows(project, "split/pyramid.parquet", PyramidRow)}


def test_every_dropped_row_has_a_reason_of_the_list(project):
    found = {
        d.reason for stage in ("raw", "verified") for d in rows(project, f"{stage}/dropped.parquet", Dropped)
    }

    assert {"truncated"} == found <= set(REASONS)


def test_every_held_out_pair_is_scored_by_every_method_and_stands_in_the_tables(project):
    held_out = [
        (name, row.pair_id)
        for name in ("test", "unfiltered")
        for row in rows(project, f"split/{name}.parquet", SplitRow)
    ]
    for place in ("benchmark/reweighted", "baseline/input"):
        scored = rows(project, f"scores/{place}/scores.parquet", Score)
        assert held_out == list(dict.fromkeys((s.benchmark, s.pair_id) for s in scored))
    expected = {"table1.md", "table1.csv", "table1_test.tex", "table1_unfiltered.tex"}  # fmt: skip
    assert expected <= {f.name for f in (project / "data/tables").iterdir()}
