"""An exported split is read back by readers that know nothing of this project."""

import csv
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.distill.export.split_of_all_kinds import COPIED, KINDS, write_split
from tests.laws.remedies import ROOT
from unirain_core.artefacts.roots import Roots
from unirain_core.distill.export import forms
from unirain_core.distill.export.card import Card, Source
from unirain_core.distill.export.export import export
from unirain_core.distill.export.pairs import key
from unirain_core.errors import BusyError, ChangedInputError, ConfigError
from unirain_core.imaging.pairs import read_both

TYPES = ("drs", "drd", "nrs", "nrd")
SOURCES = {
    name: Source(text=f"about {name}", terms="for research") for name in ("plain", "my.set", "odd", "halved")
}


def card(form):
    return Card(
        name="rainrag", form=form, made_from="a table", notes=("stand-ins judged",), sources=SOURCES, counts=Counter(),
        n_small=0, date="2026-11-27",
    )  # fmt: skip


def exported(root, form="folders", out="out", tell=lambda: None):
    export(root / "data/split/train/rainrag.parquet", root / out, Roots.load(root), card(form), tell)
    return root / out


def pixels_by_id(root, rows):
    """What the project itself sees of each pair."""
    roots = Roots.load(root)
    return {row.pair_id: read_both(row.rainy, row.clean, roots) for row in rows}


def listed(out):
    with (out / "pairs.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def rows(tmp_path):
    return write_split(tmp_path)


TRAINED_ON = (".jpg", ".jpeg", ".png", ".bmp", ".tif")
TESTED_ON = (".jpg", ".jpeg", ".png", ".bmp")


def read_as_released(data_root, suffixes):
    """After the description of the released loader: four flat folders, the target has the input's name."""
    for rain_type in TYPES:
        folder = data_root / rain_type / "input"
        for name in sorted(file.name for file in folder.iterdir()):
            if name.lower().endswith(suffixes):
                with (
                    Image.open(folder / name) as rainy,
                    Image.open(data_root / rain_type / "target" / name) as clean,
                ):
                    assert rainy.mode == clean.mode == "RGB"  # many loaders do not convert
                    yield rain_type, name, np.asarray(rainy), np.asarray(clean)


@pytest.mark.parametrize("suffixes", [TRAINED_ON, TESTED_ON])
def test_the_released_loader_finds_every_pair_with_the_pixels_that_we_see(tmp_path, rows, suffixes):
    read = {name: (rainy, clean) for _, name, rainy, clean in read_as_released(exported(tmp_path), suffixes)}
    names = {Path(line["input"]).name: line["pair_id"] for line in listed(tmp_path / "out")}
    expected = pixels_by_id(tmp_path, rows)

    assert {names[name] for name in read} == set(KINDS)
    for name, pair in read.items():
        np.testing.assert_array_equal(pair[0], expected[names[name]][0])
        np.testing.assert_array_equal(pair[1], expected[names[name]][1])
        assert pair[0].shape == pair[1].shape


def test_each_type_has_its_own_pairs(tmp_path, rows):
    read = Counter(rain_type for rain_type, *_ in read_as_released(exported(tmp_path), TESTED_ON))

    assert read == Counter(row.rain_type for row in rows)


def test_files_that_any_reader_takes_are_copied_and_the_others_become_png(tmp_path, rows):
    out = exported(tmp_path)
    by_id = {row.pair_id: row for row in rows}
    for line in listed(out):
        row = by_id[line["pair_id"]]
        is_copy = (out / line["input"]).read_bytes() == (tmp_path / row.input).read_bytes()

        assert is_copy == (row.pair_id in COPIED)
        assert is_copy or line["input"].endswith(".png")


def test_a_name_is_the_same_in_every_export_and_depends_on_nothing_else(tmp_path, rows):
    out = exported(tmp_path)
    export(
        tmp_path / "data/split/val.parquet",
        tmp_path / "few",
        Roots.load(tmp_path),
        card("folders"),
        lambda: None,
    )
    names = {line["pair_id"]: line["input"] for line in listed(out)}

    assert len(set(names.values())) == len(KINDS)
    assert all(names[line["pair_id"]] == line["input"] for line in listed(tmp_path / "few"))
    assert key("a/1") != key("a/2")


@pytest.mark.parametrize("form", ["folders", "webdataset", "parquet"])
def test_the_list_names_both_files_with_their_hashes_and_the_terms_of_each_pair(tmp_path, rows, form):
    out = exported(tmp_path, form)
    pictures = pictures_of(form, out)
    by_id = {row.pair_id: row for row in rows}

    assert [line["pair_id"] for line in listed(out)] == sorted(KINDS, key=key)
    for line in listed(out):
        row = by_id[line["pair_id"]]
        hashes = [hashlib.sha256(content).hexdigest() for content in pictures[row.pair_id]]

        assert [line["input_sha256"], line["target_sha256"]] == hashes
        assert (line["rain_type"], line["scene"]) == (row.rain_type, row.scene_id)
        assert line["dataset"] == row.pair_id.split("/")[0]
        assert (line["terms"], line["source"]) == ("for research", f"about {line['dataset']}")


def pictures_of(form, out):
    """Bytes of both pictures by pair_id, as a stranger reads them."""
    match form:
        case "folders":
            return {
                line["pair_id"]: tuple((out / line[side]).read_bytes() for side in ("input", "target"))
                for line in listed(out)
            }
        case "webdataset":
            return {
                json.loads(sample["json"])["pair_id"]: (sample["input.png"], sample["target.png"])
                for sample in read_as_webdataset(out)
            }
        case "parquet":
            return {row["pair_id"]: (row["input"], row["target"]) for row in read_as_parquet(out)}


def read_as_webdataset(out):
    """Samples of all shards: consecutive members whose names are equal up to the first dot."""
    for shard in sorted(out.glob("*.tar")):
        samples: list[dict[str, Any]] = []
        with tarfile.open(shard) as tar:
            for member in tar:
                name, _, suffix = member.name.partition(".")
                if not samples or samples[-1]["__key__"] != name:
                    samples.append({"__key__": name})
                samples[-1][suffix] = contents(tar, member)
        yield from samples


def contents(tar, member):
    file = tar.extractfile(member)
    assert file is not None
    return file.read()


def read_as_parquet(out):
    for part in sorted(out.glob("*.parquet")):
        yield from pq.read_table(part).to_pylist()


@pytest.mark.parametrize("form", ["webdataset", "parquet"])
def test_shards_hold_every_pair_once_with_the_pixels_that_we_see(tmp_path, rows, form, monkeypatch):
    monkeypatch.setattr(forms, "SHARD_BYTES", 150_000)
    monkeypatch.setattr(forms, "GROUP_BYTES", 100_000)
    out = exported(tmp_path, form)
    expected = pixels_by_id(tmp_path, rows)
    pictures = pictures_of(form, out)

    assert len(list(out.glob("shard-*.tar")) + list(out.glob("part-*.parquet"))) > 2
    assert pictures.keys() == expected.keys()
    for pair_id, files in pictures.items():
        for content, pixels in zip(files, expected[pair_id], strict=True):
            with Image.open(io.BytesIO(content)) as picture:
                np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), pixels)


def test_a_sample_of_a_shard_has_the_three_files_that_are_documented(tmp_path, rows):
    samples = list(read_as_webdataset(exported(tmp_path, "webdataset")))

    assert len(samples) == len(KINDS)
    assert all(set(sample) == {"__key__", "input.png", "target.png", "json"} for sample in samples)
    assert all(sample["input.png"].startswith(b"\x89PNG") for sample in samples)


@pytest.mark.parametrize("form", ["folders", "webdataset", "parquet"])
def test_the_same_split_gives_the_same_bytes(tmp_path, rows, form):
    first, second = (exported(tmp_path, form, out) for out in ("one", "two"))

    assert tree(first) == tree(second)


def tree(folder):
    return {f.relative_to(folder).as_posix(): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def test_the_card_says_what_it_is_from_what_how_many_and_under_which_terms(tmp_path, rows):
    text = (exported(tmp_path) / "README.md").read_text()

    for part in (
        "12 pairs of a rainy and a clean picture (2 drd, 3 drs, 5 nrd, 2 nrs)",
        "It was made from a table",
        "| plain | 1 | 2 | 0 | 0 | 3 |",
        "| all | 2 | 3 | 5 | 2 | 12 |",
        "- **my.set**: about my.set. Terms: for research.",
        "stand-ins judged",
        "`TYPE/input/NAME`",
    ):
        assert part in text
    assert "below 128 pixels" not in text


def test_pictures_that_the_released_code_cannot_crop_are_counted_on_the_card(tmp_path, rows, monkeypatch):
    monkeypatch.setattr("unirain_core.distill.export.export.SMALLEST", 141)

    # 11 pictures of 140 x 150 pixels and the halves of one
    assert "12 of 12 pairs have a side below 128 pixels" in (exported(tmp_path) / "README.md").read_text()


def test_a_folder_that_is_not_empty_is_refused_and_a_new_one_is_taken(tmp_path, rows):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/photo.png").write_bytes(b"mine")
    with pytest.raises(ConfigError, match="name a new folder to export into"):
        exported(tmp_path, out="mine")
    (tmp_path / "empty").mkdir()

    assert tree(tmp_path / "mine") == {"photo.png": b"mine"}
    assert len(listed(exported(tmp_path, out="empty"))) == len(KINDS)
    assert len(listed(exported(tmp_path, out="far/away"))) == len(KINDS)


def test_a_changed_picture_is_an_error_that_names_it_and_leaves_nothing(tmp_path, rows):
    (tmp_path / "b/2.bmp").write_bytes(b"another")
    with pytest.raises(ChangedInputError, match=r"b/2\.bmp has changed since it was listed"):
        exported(tmp_path)

    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


KILLED = """
import os, signal, sys
from pathlib import Path
from typing import Any
from tests.distill.export.test_export import exported
left = int(sys.argv[3])
def tell():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
exported(Path(sys.argv[1]), sys.argv[2], tell=tell)
"""


@pytest.mark.parametrize("form", ["folders", "webdataset", "parquet"])
def test_after_a_kill_the_same_command_writes_what_it_would_have_written(tmp_path, rows, form):
    command = [sys.executable, "-c", KILLED, str(tmp_path), form, "7"]
    ended = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=ROOT, check=False)
    was_named, left = (tmp_path / "out").exists(), list(tmp_path.glob(".out.partial/*"))
    (tmp_path / ".out.partial/rubbish").write_bytes(b"from an older version")
    again = exported(tmp_path, form)

    assert (ended.returncode, was_named, len(left) > 0) == (-signal.SIGKILL, False, True)
    assert tree(again) == tree(exported(tmp_path, form, "other"))
    assert not list(tmp_path.glob(".out*"))


def test_two_exports_into_one_folder_do_not_mix(tmp_path, rows):
    caught: list[object] = []

    def tell():
        if not caught:
            with pytest.raises(BusyError, match="wait for it to end") as raised:
                exported(tmp_path)
            caught.append(raised)

    exported(tmp_path, tell=tell)

    assert len(listed(tmp_path / "out")) == len(KINDS)
