"""A dataset in an object store gives what the same files give on a disk, and its failures cost no work."""

import logging
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from unirain_core.artefacts import remote, tables
from unirain_core.artefacts.remote import Remote
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, ManifestRow, SplitRow
from unirain_core.cli.datasets import datasets as datasets_command
from unirain_core.config.sections import Dataset, Encoders, RawDatasets, VerifiedPairs
from unirain_core.distill.rainy import Rainy
from unirain_core.distill.thumbnails import thumbnails
from unirain_core.distill.triplet import triplet_job
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ChangedInputError, ConfigError, MissingInputError
from unirain_core.imaging.codec import write_png
from unirain_core.stages import raw_datasets, verified_pairs
from unirain_core.stages.encoders import EncoderChoice, make_encoder
from unirain_core.training.pairs import read_pair

ROOT = Path(__file__).parents[2]
OUTS = ("data/raw", "data/verified", "reports")
MINE = Dataset(layout="paired", root="far", folder="pool/mine", rain_types=("drs",), origin="synthetic")
JOINT = Dataset(layout="rain800", root="far", folder="pool/joint")
PHOTOS = Dataset(layout="photos", root="far", folder="pool/photos")


@pytest.fixture(autouse=True)
def lines(monkeypatch):
    remote._line.cache_clear()
    monkeypatch.delenv("UNIRAIN_HOME", raising=False)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.setenv("UNIRAIN_WORKERS", "1")


def write(folder, path, picture):
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    write_png(folder / path, picture)


def rainy(clean, seed):
    noise = np.random.default_rng(seed).random(clean.shape[:2]) > 0.97
    streaks = np.sum([np.roll(noise, k, axis=0) for k in range(8)], axis=0) > 0
    return np.where(streaks[..., None], 200, clean).astype(np.uint8)


@pytest.fixture
def pool(tmp_path):
    """Sound pairs, photos, and one of each fault that a listing or a decoder finds."""
    folder = tmp_path / "disk"
    scenes = [np.ascontiguousarray(p()[:96, :128]) for p in (data.astronaut, data.coffee, data.chelsea)]
    for number, clean in enumerate(scenes):
        write(folder, f"pool/mine/input/{number} é#%.png", rainy(clean, number))
        write(folder, f"pool/mine/target/{number} é#%.png", clean)
        write(folder, f"pool/photos/{number}.png", rainy(clean, 10 + number))
        write(
            folder,
            f"pool/joint/training/{number}.png",
            np.hstack([clean[::-1], rainy(clean[::-1], 20 + number)]),
        )
    for name, content in {
        "input/orphan.png": b"x",
        "input/pointer.png": b"version https://git-lfs.github.com/spec/v1\n",
        "target/pointer.png": b"x",
        "input/empty.png": b"",
        "target/empty.png": b"",
        ".git/config": b"hidden",
        "readme.txt": b"foreign",
    }.items():
        (folder / "pool/mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "pool/mine" / name).write_bytes(content)
    torn = (folder / "pool/mine/input/0 é#%.png").read_bytes()[:2000]
    (folder / "pool/mine/input/torn.png").write_bytes(torn)
    write(folder, "pool/mine/target/torn.png", scenes[0])
    return folder


def run(project, root, rain_types=("drs",), **datasets):
    project.mkdir(exist_ok=True)
    (project / "roots.local.yaml").write_text(f"far: {root}\n")
    raw_datasets.run(
        project, raw_datasets=RawDatasets(datasets=datasets), sample_corpora={}, rain_types=rain_types
    )


def verify(project, rain_types=("drs",)):
    verified_pairs.run(project, verified_pairs=VerifiedPairs(), rain_types=rain_types)


def watch(monkeypatch):
    """The names of the objects that are read from now on."""
    names: list[str] = []
    read_bytes = Remote.read_bytes

    def watched(self, limit):
        names.append(self.name)
        return read_bytes(self, limit)

    monkeypatch.setattr(Remote, "read_bytes", watched)
    return names


def outs(project):
    files = [file for out in OUTS for file in sorted((project / out).rglob("*")) if file.is_file()]
    return {file.relative_to(project).as_posix(): file.read_bytes() for file in files}


def test_outs_are_the_bytes_that_the_same_files_give_on_a_disk(tmp_path, pool, store):
    store.upload(pool, "sets")
    for name, root in (("near", pool), ("far", "s3://rain/sets")):
        run(tmp_path / name, root, mine=MINE, photos=PHOTOS, joint=JOINT)
        verify(tmp_path / name)
    near, far = outs(tmp_path / "near"), outs(tmp_path / "far")
    dropped = tables.read(tmp_path / "far/data/verified/dropped.parquet", Dropped)

    assert 7 == len(near)
    assert near == far
    assert {"truncated", "unreadable"} == {row.reason for row in dropped}


def test_every_reader_takes_a_root_in_a_store(tmp_path, pool, store):
    """Training, the triplets and the pages read by the name of a root, wherever it lies."""
    store.upload(pool, "sets")
    run(tmp_path / "far", "s3://rain/sets", mine=MINE, joint=JOINT)
    listed = tables.read(tmp_path / "far/data/raw/manifest.parquet", ManifestRow)
    listed = [row for row in listed if row.input_bytes > 9999]
    seen: list[tuple[object, ...]] = []
    for root in (str(pool), "s3://rain/sets"):
        roots = Roots(tmp_path, {"far": root})
        examples = [read_pair(split_row(row), roots) for row in listed]
        job = triplet_job(partial(make_encoder, EncoderChoice.of(Encoders(), {})), roots, "1")
        triplets = job.compute([portrayed(row) for row in listed])
        pixels = [side.tobytes() for example in examples for side in (example.rainy, example.clean)]
        pages = thumbnails(listed, roots, WorkStore(home=tmp_path / str(len(seen)), owner="gallery"), "1")
        seen.append((pixels, [row.picture for row in triplets], pages))

    assert 6 == len(listed)
    assert seen[0] == seen[1]


def split_row(row):
    return SplitRow(
        pair_id=row.pair_id, rain_type="drs", scene_id="", root=row.root, input=row.input,
        target=row.target or row.input, halves=row.halves, input_hash=row.input_hash,
        target_hash=row.target_hash or row.input_hash,
    )  # fmt: skip


def portrayed(row):
    return Rainy(row.pair_id, row.dataset, "drs", row.rainy)


def test_nothing_is_read_again_as_long_as_the_tags_are_the_same(tmp_path, pool, store, monkeypatch):
    store.upload(pool, "sets")
    run(tmp_path / "far", "s3://rain/sets", mine=MINE)
    before = outs(tmp_path / "far")
    read = watch(monkeypatch)
    run(tmp_path / "far", "s3://rain/sets", mine=MINE)
    again = list(read)
    store.put("sets/pool/mine/input/torn.png", b"another content")
    run(tmp_path / "far", "s3://rain/sets", mine=MINE)

    assert ["pointer.png"] == again, "a pointer has no hash to keep"
    assert ["pointer.png", "pointer.png", "torn.png"] == sorted(read)
    assert before != outs(tmp_path / "far")


def test_an_object_that_changes_while_it_is_read_is_not_kept_under_the_tag_of_the_listing(
    tmp_path, pool, store, monkeypatch
):
    store.upload(pool, "sets")
    key = "pool/mine/input/torn.png"
    read_bytes = Remote.read_bytes

    def change_after(self, limit):
        content = read_bytes(self, limit)
        if self.name == "torn.png":
            store.put(f"sets/{key}", b"changed after it was read")
        return content

    monkeypatch.setattr(Remote, "read_bytes", change_after)
    run(tmp_path / "far", "s3://rain/sets", mine=MINE)
    monkeypatch.setattr(Remote, "read_bytes", read_bytes)
    run(tmp_path / "far", "s3://rain/sets", mine=MINE)
    rows = tables.read(tmp_path / "far/data/raw/manifest.parquet", ManifestRow)

    assert [25] == [row.input_bytes for row in rows if row.input == key]


def test_keys_that_are_no_paths_are_refused_and_the_marks_of_folders_are_nothing(tmp_path, pool, store):
    store.upload(pool, "sets")
    for key in ("a//1.png", "./2.png", "x/../3.png", "a//b.txt"):
        store.put(f"sets/pool/mine/{key}", b"x")
    store.put("sets/pool/mine/empty/")
    run(tmp_path / "far", "s3://rain/sets", mine=MINE)
    dropped = tables.read(tmp_path / "far/data/raw/dropped.parquet", Dropped)

    assert {"mine/a//1", "mine/./2", "mine/x/../3"} == {
        row.pair_id for row in dropped if row.reason == "unreadable_name"
    }


def test_an_object_that_changed_or_vanished_after_the_listing_stops_the_stage_after_the_rest_is_done(
    tmp_path, pool, store, caplog
):
    caplog.set_level(logging.INFO)
    store.upload(pool, "sets")
    run(tmp_path / "far", "s3://rain/sets", mine=MINE, photos=PHOTOS)
    store.delete("sets/pool/photos/0.png")
    store.put("sets/pool/photos/1.png", b"another")
    with pytest.raises(ChangedInputError, match=r"s3://rain/sets/pool/photos/[01].png has changed"):
        verify(tmp_path / "far")
    shards = list((tmp_path / "far/.unirain/shards/verified_pairs").glob("*.parquet"))

    assert shards, "the other rows' work is kept"
    store.upload(pool, "sets")
    verify(tmp_path / "far")
    run(tmp_path / "near", pool, mine=MINE, photos=PHOTOS)
    verify(tmp_path / "near")
    assert outs(tmp_path / "near") == outs(tmp_path / "far")


@pytest.mark.slow
def test_a_store_that_stops_answering_costs_no_work_and_no_picture(tmp_path, pool, store, server):
    """Listing, hashing and decoding: each ends with the store's name, and goes on where it was."""
    from tests.s3 import Store

    other = Store()
    other.upload(pool, "sets")
    root = f"{{folder: 's3://rain/sets', options: {{endpoint_url: '{other.url}'}}}}"
    run(tmp_path / "far", root, mine=MINE, photos=PHOTOS)
    before = outs(tmp_path / "far")
    other.close()
    with pytest.raises(OSError, match="the store does not answer"):
        verify(tmp_path / "far")
    remote._line.cache_clear()
    with pytest.raises(OSError, match="the store does not answer"):
        run(tmp_path / "far", root, mine=MINE, photos=PHOTOS)
    assert before == outs(tmp_path / "far")

    store.upload(pool, "sets")
    for name, place in (("far", "s3://rain/sets"), ("near", pool)):
        run(tmp_path / name, place, mine=MINE, photos=PHOTOS)
        verify(tmp_path / name)
    assert outs(tmp_path / "near") == outs(tmp_path / "far")


def test_a_store_that_fails_while_files_are_hashed_drops_no_picture(tmp_path, pool, store, monkeypatch):
    store.upload(pool, "sets")
    read_bytes = Remote.read_bytes

    def refuse_one(self, limit):
        if self.name == "1.png":
            raise PermissionError(13, "the token has expired", str(self))
        return read_bytes(self, limit)

    monkeypatch.setattr(Remote, "read_bytes", refuse_one)
    with pytest.raises(PermissionError, match="the token has expired"):
        run(tmp_path / "far", "s3://rain/sets", photos=PHOTOS)
    monkeypatch.setattr(Remote, "read_bytes", read_bytes)
    read = watch(monkeypatch)
    run(tmp_path / "far", "s3://rain/sets", photos=PHOTOS)

    assert ["1.png"] == read, "the hashes of all others were kept"
    assert 3 == len(tables.read(tmp_path / "far/data/raw/manifest.parquet", ManifestRow))


@pytest.mark.parametrize(
    ("root", "folder", "match"),
    [
        ("s3://nowhere/sets", "pool", r"s3://nowhere/sets/pool does not exist; correct `folder` in params.yaml or the line"),
        ("s3://rain/sets", "pool", r"no picture below s3://rain/sets/pool"),
    ],
)  # fmt: skip
def test_a_bucket_or_folder_that_is_not_there_is_named(tmp_path, store, root, folder, match):
    mine = Dataset(layout="paired", root="far", folder=folder, rain_types=("drs",))
    with pytest.raises(MissingInputError, match=match):
        run(tmp_path / "far", root, mine=mine)


def test_a_folder_may_not_lead_out_of_a_root_at_a_url(tmp_path, store):
    mine = Dataset(layout="paired", root="far", folder="../other", rain_types=("drs",))
    with pytest.raises(ConfigError, match=r"leads out of the root 'far' to s3://rain/sets/../other"):
        run(tmp_path / "far", "s3://rain/sets", mine=mine)


def test_without_credentials_the_message_says_what_to_set_and_then_it_works(
    tmp_path, pool, store, monkeypatch
):
    store.upload(pool, "sets")
    store.publish()
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    lines = [
        f"{{folder: 's3://rain/sets', options: {{requester_pays: false, max_concurrency: {n}}}}}"
        for n in (1, 2)
    ]  # two connections: a process keeps one with the credentials that it had
    with pytest.raises(
        MissingInputError, match="give credentials in the environment, for s3:// AWS_ACCESS_KEY_ID"
    ):
        run(tmp_path / "far", lines[0], mine=MINE)
    run(tmp_path / "far", "{folder: 's3://rain/sets', options: {anon: true}}", mine=MINE)
    anonymous = outs(tmp_path / "far")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    run(tmp_path / "far", lines[1], mine=MINE)

    assert anonymous == outs(tmp_path / "far")


def test_a_pair_list_in_a_store_is_read(tmp_path, store):
    for key in ("real_world/1/1-2/1-2_0_0.png", "real_world_gt/1/odd.png"):
        store.put(f"spa/{key}", key.encode())
    store.put("spa/real_world.txt", b"/real_world/1/1-2/1-2_0_0.png /real_world_gt/1/odd.png\nno pair\n")
    run(tmp_path, "s3://rain", spa=Dataset(layout="spa-data", root="far", folder="spa"))
    (row,) = tables.read(tmp_path / "data/raw/manifest.parquet", ManifestRow)

    assert "spa/real_world_gt/1/odd.png" == row.target


def test_the_command_datasets_check_reads_a_store(tmp_path, pool, store, monkeypatch, capsys):
    store.upload(pool, "sets")
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    start, end = text.index("  datasets:\n"), text.index("\nverified_pairs:")
    mine = "  datasets:\n    mine: {layout: paired, root: far, folder: pool/mine, rain_types: [drs]}\n"
    (tmp_path / "params.yaml").write_text(text[:start] + mine + text[end:], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    said = []
    for root in (pool, "s3://rain/sets"):
        (tmp_path / "roots.local.yaml").write_text(f"far: {root}\n")
        with pytest.raises(MissingInputError, match=r"0 of 1 datasets cannot be used \(none\)"):
            datasets_command("check")
        said.append(capsys.readouterr().out)

    assert said[0] == said[1]
    assert "mine: layout paired; 6 rows; train drs 6; dropped: orphan 1" in " ".join(said[0].split())
