"""The stage: one triplet for each pair, in the pairs' order; a second run computes nothing."""

from dataclasses import replace

import numpy as np
import pytest

from unirain_core.artefacts import report, tables
from unirain_core.artefacts.schemas import Dropped, Pair, TripletRow
from unirain_core.artefacts.triplets import TripletFiles
from unirain_core.config.sections import Encoders, QueryCaptions
from unirain_core.errors import ChangedInputError, SchemaError
from unirain_core.imaging.codec import file_hash, read_rgb, write_png
from unirain_core.stages import query_triplets
from unirain_core.stages.encoders import EncoderChoice, make_encoder


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("UNIRAIN_WORKERS", "1")
    (tmp_path / "roots.local.yaml").write_text("here: .\n")
    pairs = []
    for seed, (name, rain_type) in enumerate({"b": "drs", "a": "nrd", "c": "drs"}.items()):
        image = np.random.default_rng(seed).integers(0, 256, (96, 128, 3), dtype=np.uint8)
        write_png(tmp_path / f"{name}.png", image)
        pairs.append(replace(pair(name, rain_type), input_hash=file_hash(tmp_path / f"{name}.png")))
    tables.write(tmp_path / "data/verified/pairs.parquet", pairs, Pair)
    return tmp_path


def pair(name, rain_type):
    return Pair(
        pair_id=f"set/{name}", dataset="set", rain_type=rain_type, origin="synthetic", role="train", root="here",
        input=f"{name}.png", target="missing.png", halves=None, scene_id="s", width=128, height=96, mode="RGB",
        clean_hash=b"", input_hash=f"hash of {name}", target_hash="t",
    )  # fmt: skip


def files(project):
    return {file.name: file.read_bytes() for file in (project / "data/triplets").iterdir()}


def run(project):
    query_triplets.run(project, encoders=Encoders(), encoder_models={}, query_captions=QueryCaptions())
    return tables.read(project / "data/triplets/triplets.parquet", TripletRow)


def test_rows_are_conserved_in_order_and_the_clean_side_is_not_opened(project):
    assert ["set/b", "set/a", "set/c"] == [row.id for row in run(project)]


def test_the_report_counts_by_type_and_says_what_ran(project):
    run(project)
    said = report.read(project / "reports/query_triplets.json")

    assert {"pairs": 3, "triplets": 3, "dropped": 0, "drs": 2, "nrd": 1} == said["counts"]
    assert "statistics" in str(said["notes"])
    assert str(said["captioner"]).startswith("statistics/")


def test_a_second_run_computes_nothing_and_writes_the_same_bytes(project):
    run(project)
    before = files(project)
    for name in "abc":
        (project / f"{name}.png").unlink()
    run(project)

    assert before == files(project)


def test_the_pictures_stand_in_the_order_of_the_rows(project):
    run(project)
    pictures = np.load(project / "data/triplets/pictures.npy")
    encoder = make_encoder(EncoderChoice.of(Encoders(), {}))
    expected = [encoder.encode([read_rgb(project / f"{name}.png")])[0].picture for name in "bac"]

    np.testing.assert_array_equal(expected, pictures)


def test_damaged_pictures_come_back_when_the_stage_that_is_named_runs_again(project):
    run(project)
    before = files(project)
    (project / "data/triplets/pictures.npy").write_bytes(b"half a file")
    with pytest.raises(SchemaError, match="dvc repro --force query_triplets"):
        TripletFiles.open(project / "data/triplets")
    run(project)

    assert before == files(project)
    assert 3 == TripletFiles.open(project / "data/triplets").count


def test_a_picture_that_cannot_be_encoded_is_dropped_and_the_others_are_not(project):
    (project / "a.png").write_bytes(b"no picture")
    listed = tables.read(project / "data/verified/pairs.parquet", Pair)
    listed[1] = replace(listed[1], input_hash=file_hash(project / "a.png"))
    tables.write(project / "data/verified/pairs.parquet", listed, Pair)
    triplets = run(project)
    dropped = tables.read(project / "data/triplets/dropped.parquet", Dropped)

    assert ["set/b", "set/c"] == [row.id for row in triplets]
    assert [("set/a", "unreadable")] == [(row.pair_id, row.reason) for row in dropped]


def test_an_exchanged_picture_stops_the_stage_and_the_others_are_finished(project):
    write_png(project / "a.png", np.zeros((96, 128, 3), np.uint8))
    with pytest.raises(ChangedInputError, match=r"a\.png has changed since it was listed"):
        run(project)
    for name in "bc":
        (project / f"{name}.png").unlink()  # their triplets are in the store: they are not read again
    with pytest.raises(ChangedInputError, match=r"a\.png"):
        run(project)
