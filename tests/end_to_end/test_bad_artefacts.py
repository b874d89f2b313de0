"""Artefacts of another time, another encoder or another network are refused; a full disk leaves nothing half done."""

import dataclasses
import os
import resource

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from unirain_core.artefacts import paths, schemas, tables
from unirain_core.artefacts.schemas import Pair, SplitRow, TripletRow
from unirain_core.config.sections import Network
from unirain_core.engine.local import LocalEngine
from unirain_core.engine.pools import run
from unirain_core.errors import MissingArtefactError, SchemaError, UniRainError
from unirain_core.imaging.codec import file_hash
from unirain_core.model import checkpoint
from unirain_core.model.architecture import build

SMALL = Network(dim=8, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=2.0, shuffle=2)
TABLES = [
    (paths.RAW, schemas.ManifestRow, "raw_datasets"),
    (paths.RAW, schemas.Dropped, "raw_datasets"),
    (paths.VERIFIED, schemas.Dropped, "verified_pairs"),
    (paths.VERIFIED, schemas.Pair, "verified_pairs"),
    (paths.VERIFIED, schemas.RealPhoto, "verified_pairs"),
    (paths.TRIPLETS, schemas.TripletRow, "query_triplets"),
    (paths.DATABASE, schemas.TripletRow, "real_rain_database"),
    (paths.REFERENCES, schemas.Reference, "retrieved_references"),
    (paths.VOTES, schemas.Vote, "vlm_votes"),
    (paths.VOTES, schemas.Verdict, "vlm_votes"),
    (paths.SPLIT, schemas.PyramidRow, "rainrag_split"),
    (paths.SPLIT, schemas.SplitRow, "rainrag_split"),
    (paths.CHECKPOINT.format(partition="x"), schemas.HistoryRow, "trained_checkpoint"),
    (paths.BENCHMARK_SCORES.format(partition="x"), schemas.Score, "benchmark_scores"),
    (paths.BASELINE_SCORES.format(partition="x"), schemas.Score, "baseline_scores"),
]
CASES = pytest.mark.parametrize(("folder", "row_class", "stage"), TABLES)


def test_every_table_of_the_schemas_is_tried_here():
    rows = {c for c in vars(schemas).values() if dataclasses.is_dataclass(c) and hasattr(c, "PRODUCER")}

    assert rows == {row_class for _, row_class, _ in TABLES}


@CASES
def test_a_table_of_another_version_names_the_stage_to_run_again(tmp_path, folder, row_class, stage):
    file = tmp_path / folder / "table.parquet"
    tables.write(file, [], row_class)
    table = pq.read_table(file)
    pq.write_table(table.drop_columns([table.column_names[0]]), file)

    with pytest.raises(SchemaError, match=rf"columns differ from.*`dvc repro --force {stage}`$"):
        tables.read(file, row_class)


@CASES
def test_a_damaged_or_absent_table_names_the_stage_too(tmp_path, folder, row_class, stage):
    file = tmp_path / folder / "table.parquet"
    with pytest.raises(MissingArtefactError, match=rf"does not exist.*`dvc repro {stage}`$"):
        tables.read(file, row_class)
    tables.write(file, [], row_class)
    file.write_bytes(file.read_bytes()[:-9])

    with pytest.raises(SchemaError, match=rf"is damaged.*`dvc repro --force {stage}`$"):
        tables.read(file, row_class)


def test_finished_work_that_is_damaged_is_done_again(project):
    project.run("raw_datasets", "verified_pairs")
    pairs = project.table("data/verified/pairs.parquet", Pair)
    for shard in (project.root / ".unirain/shards/verified_pairs").iterdir():
        shard.write_bytes(b"half a file")
    project.run("verified_pairs")

    assert pairs == project.table("data/verified/pairs.parquet", Pair)


def test_a_database_of_another_encoder_is_refused(project):
    project.run("raw_datasets", "verified_pairs", "real_rain_database", "query_triplets")
    file = project.root / "data/database/triplets.parquet"
    other = [dataclasses.replace(row, encoder="another") for row in tables.read(file, TripletRow)]
    tables.write(file, other, TripletRow)
    code, said = project.unirain("run", "retrieved_references")

    assert 1 == code
    assert "made by different encoders (another; " in said
    assert "`dvc repro --force real_rain_database query_triplets`" in said


@pytest.fixture
def trained(project):
    """A project with an untrained checkpoint and one pair to score."""
    checkpoint.save(project.root / "data/checkpoints/reweighted", build(SMALL, seed=0), SMALL, {"step": 1})
    sides = {side: f"mine/{side}/good.png" for side in ("input", "target")}
    row = SplitRow(
        pair_id="mine/input/good", rain_type="drs", scene_id="s", root="here", **sides, halves=None,
        input_hash=file_hash(project.pool / sides["input"]), target_hash=file_hash(project.pool / sides["target"]),
    )  # fmt: skip
    for name in ("test", "unfiltered"):
        tables.write(project.root / f"data/split/{name}.parquet", [row], SplitRow)
    return project


SCORE = ("run", "benchmark_scores", "--partition", "reweighted")
SCORES_SLOWLY = pytest.param(SCORE, marks=pytest.mark.slow)
DERAIN = ("derain", "pool/sky", "dry")


def describe_otherwise(folder):
    text = (folder / "model.json").read_text()
    (folder / "model.json").write_text(text.replace('"ffn_expansion": 2.0', '"ffn_expansion": 3.0'))


@pytest.mark.parametrize("command", [SCORES_SLOWLY, DERAIN], ids=["benchmark_scores", "derain"])
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (describe_otherwise, "was changed since it was written"),
        (lambda folder: (folder / "model.json").write_text("{"), "describes no network of this program"),
        (
            lambda folder: (folder / "model.safetensors").write_bytes(b"x"),
            "is damaged or is not what model.json",
        ),
    ],
)
def test_a_checkpoint_that_is_not_what_was_written_is_refused(trained, command, spoil, message):
    spoil(trained.root / "data/checkpoints/reweighted")
    code, said = trained.unirain(*command)

    assert 1 == code
    assert message in said
    assert "`dvc repro --force --single-item trained_checkpoint@reweighted`" in said


def test_a_checkpoint_without_weights_names_its_stage_out_of_a_worker(trained):
    (trained.root / "data/checkpoints/reweighted/model.safetensors").unlink()
    code, said = trained.unirain(*SCORE)

    assert 1 == code
    assert "stage 'trained_checkpoint' writes it: run `dvc repro trained_checkpoint`" in said


def test_derain_takes_every_kind_of_photo_and_names_what_it_skips(trained):
    deep = np.arange(96 * 96, dtype=np.uint16).reshape(96, 96)
    trained.photo("UP.PNG", 1, "P")
    trained.photo("夜 雨.jpg", 2, "CMYK")
    trained.save("sky/deep.png", Image.fromarray(deep))
    trained.save("sky/one.png", Image.new("RGB", (1, 1)))
    trained.save("sky/wide.png", Image.new("RGB", (50_000, 3)))
    trained.save("sky/vast.png", Image.new("1", (50_000, 2_001)))
    (trained.pool / "sky/folder.png").mkdir()
    (trained.pool / "sky/gone.png").symlink_to("nowhere.png")
    (trained.pool / "sky/lfs.png").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    (trained.pool / "sky/void.png").write_bytes(b"")
    code, said = trained.answer(*DERAIN)

    assert 1 == code
    assert ["UP.png", "deep.png", "one.png", "photo.png", "wide.png", "夜 雨.png"] == sorted(
        file.name for file in (trained.root / "dry").iterdir()
    )
    for name, reason in {
        "gone": "a link that", "lfs": "git_lfs_pointer", "void": "unreadable (void.png: the file is empty)", "vast": "too_large"
    }.items():  # fmt: skip
        assert f"skipped pool/sky/{name}.png: {reason}" in said


def a_small_disk():
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))  # a write beyond it fails as on a full disk


@pytest.mark.parametrize("command", [("run", "verified_pairs"), SCORES_SLOWLY, DERAIN])
def test_a_full_disk_leaves_no_half_file_and_the_next_run_succeeds(trained, command):
    trained.run("raw_datasets")
    before = {f for f in trained.root.rglob("*") if f.is_file()}
    code, said = trained.unirain(*command, preexec_fn=a_small_disk)
    left = {f for f in trained.root.rglob("*") if f.is_file()} - before

    assert 1 == code
    assert "File too large; nothing half done was left under its name" in said
    assert "run the same command again" in said
    assert set() == {f for f in left if ".unirain" not in f.parts}
    assert 0 == trained.unirain(*command)[0]


def test_a_cache_of_hashes_that_is_damaged_is_made_anew(project):
    project.run("raw_datasets")
    (project.root / ".unirain/hashes/files.sqlite").write_bytes(b"no database" * 100)
    project.run("raw_datasets")

    assert {} == project.rejects()


def test_a_worker_that_is_killed_says_what_to_do():
    with pytest.raises(
        UniRainError, match=r"memory ran out.*run the same command again, with UNIRAIN_WORKERS=1"
    ):
        list(run(LocalEngine(workers=1), os._exit, [9]))
