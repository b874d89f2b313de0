"""Whatever stands in a dataset's folder is used, or rejected with its reason; whatever is wrong in params is said."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unirain_core.artefacts.schemas import Pair, RealPhoto, TripletRow
from unirain_core.errors import ArtefactError

STAGES = ("raw_datasets", "verified_pairs")
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"


def rename(project, old, new):
    file = project.root / "params.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def half(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def damaged(file):
    """Whole in length, wrong in the middle."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 64] = bytes(64)
    file.write_bytes(content)


def linked_away(file):
    away = file.parents[3] / "away.png"
    file.rename(away)
    file.symlink_to(away)


def replaced_by(make):
    def spoil(file):
        file.unlink()
        make(file)

    return spoil


SPOILT = {
    "cut 1.png": (half, "truncated"),
    "cut 2.jpg": (half, "truncated"),
    "cut 3.webp": (half, "truncated"),
    "damaged.png": (damaged, "damaged"),
    "empty.png": (lambda file: file.write_bytes(b""), "unreadable"),
    "text.png": (lambda file: file.write_text("no picture"), "unreadable"),
    "pointer.png": (lambda file: file.write_bytes(POINTER), "git_lfs_pointer"),
}


def test_every_spoilt_file_is_a_reject_with_its_own_reason_on_either_side_and_as_a_photo(project):
    expected = {}
    for number, (name, (spoil, reason)) in enumerate(SPOILT.items(), start=1):
        stem = name.partition(".")[0]
        for side in ("input", "target"):
            project.put(f"{side} {name}", number)
            spoil(project.pool / "mine" / side / f"{side} {name}")
            expected[f"mine/input/{side} {stem}"] = reason
        project.photo(name, number)
        spoil(project.pool / "sky" / name)
        expected[f"sky/{stem}"] = reason
    project.run(*STAGES)

    assert expected == project.rejects()


def test_what_is_no_file_or_lies_elsewhere_is_a_reject_and_orphans_count_on_both_sides(project):
    spoils = {"link": linked_away, "folder": replaced_by(Path.mkdir), "pipe": replaced_by(os.mkfifo)}
    for number, (name, spoil) in enumerate(spoils.items(), start=1):
        project.put(f"{name}.png", number)
        spoil(project.pool / f"mine/input/{name}.png")
    project.put("rainy alone.png", 4)
    (project.pool / "mine/target/rainy alone.png").unlink()
    shutil.copy(project.pool / "mine/input/good.png", os.fsencode(project.pool) + b"/mine/input/\xff.png")
    project.run(*STAGES)

    assert {
        "mine/input/link": "outside_root",
        "mine/target/link": "orphan_clean",
        "mine/target/folder": "orphan_clean",
        "mine/input/pipe": "unreadable",
        "mine/target/pipe": "orphan_clean",
        "mine/input/rainy alone": "orphan",
        r"mine/input/\xff": "unreadable_name",
    } == project.rejects()


def test_pictures_of_one_pixel_and_of_50_000_columns_are_rejects(project):
    for side, value in (("input", 0), ("target", 9)):
        project.save(f"mine/{side}/tiny.png", Image.new("RGB", (1, 1), (value,) * 3))
        project.save(f"mine/{side}/wide.png", Image.new("L", (50_000, 2_001), value))
    project.save("sky/tiny.png", Image.new("RGB", (1, 1)))
    project.save("sky/wide.png", Image.new("L", (50_000, 2_001)))
    project.run(*STAGES)

    assert {
        "mine/input/tiny": "too_small",
        "mine/input/wide": "too_large",
        "sky/tiny": "too_small",
        "sky/wide": "too_large",
    } == project.rejects()


def test_every_kind_of_sound_picture_is_a_pair_and_a_photo_whatever_its_name(project):
    kinds = {"grey.png": "L", "palette.png": "P", "alpha.png": "RGBA", "cmyk.jpg": "CMYK", "UP.PNG": "RGB"}
    kinds |= {"夜雨 é.bmp": "RGB", "two words.JPEG": "RGB", "bits.tiff": "I;16"}
    for number, (name, mode) in enumerate(kinds.items(), start=1):
        project.put(name, number, mode)
        project.photo(name, number, mode)
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees
    project.photo("turned.jpg", 20, exif=exif)
    project.run(*STAGES, "real_rain_database", "query_triplets")
    names = {"good", *(name.rpartition(".")[0] for name in kinds)}
    photos = project.table("data/verified/real.parquet", RealPhoto)

    assert {} == project.rejects()
    assert {f"mine/input/{name}" for name in names} == {
        pair.pair_id for pair in project.table("data/verified/pairs.parquet", Pair)
    }
    assert [(96, 128)] == [(p.width, p.height) for p in photos if p.photo_id == "sky/turned"]
    assert len(names) + 1 == len(project.table("data/database/triplets.parquet", TripletRow))


def test_a_file_that_vanishes_or_changes_after_listing_is_never_taken_for_the_listed_one(project):
    project.run("raw_datasets")
    file = project.pool / "mine/input/good.png"
    listed = file.read_bytes()
    file.write_bytes((project.pool / "sky/photo.png").read_bytes())
    with pytest.raises(ArtefactError, match=r"good\.png has changed since it was listed.*`dvc repro`"):
        project.run("verified_pairs")
    file.unlink()
    with pytest.raises(
        ArtefactError, match=r"good\.png has changed since it was listed \(or is gone\).*`dvc repro`"
    ):
        project.run("verified_pairs")
    file.write_bytes(listed)
    project.run("verified_pairs")
    assert {} == project.rejects()


def test_one_column_is_too_narrow_for_two_halves(project):
    rename(project, "layout: paired, root: here, folder: mine", "layout: rain800, root: here, folder: two")
    for name, width in (("1.jpg", 1), ("2.jpg", 256)):
        folder = project.pool / "two/rain/training"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((96, width, 3), np.uint8)).save(folder / name)
    project.run("raw_datasets")

    assert "1 too_small" in project.unirain("run", "verified_pairs")[1]


@pytest.mark.parametrize(
    ("spoil", "code", "message"),
    [
        (lambda p: (p.root / "roots.local.yaml").unlink(), 3, "add the line `here: /folder/of/the/dataset`"),
        (lambda p: shutil.rmtree(p.pool), 3, "pool does not exist; correct the line"),
        (lambda p: shutil.rmtree(p.pool / "sky"), 3, "sky does not exist; correct `folder`"),
        (lambda p: (p.pool / "sky/photo.png").unlink(), 3, "no picture below"),
        (lambda p: rename(p, "layout: paired", "layout: gtav-nightrain"), 3, "layouts that would match:"),
        (lambda p: rename(p, "folder: sky", "folder: ../.."), 2, "leads out of the root 'here'"),
        (lambda p: rename(p, "\nprofile", "\nprofil"), 2, "params.yaml: profil: unexpected key"),
        (lambda p: (p.root / "params.yaml").write_text("a: &a [*a]"), 2, "a value that params cannot hold"),
        (
            lambda p: (p.root / "params.yaml").write_bytes(b"\n# \xe9"),
            2,
            "is no UTF-8 text (line 2 holds the byte 0xe9)",
        ),
        (lambda p: (p.root / "roots.local.yaml").write_text("- pool"), 2, "lines of the form `name: /folder"),
        (lambda p: (p.root / "roots.local.yaml").write_text("here: 7"), 2, "are expected, found `here: 7`"),
        (lambda p: (p.root / "roots.local.yaml").write_bytes(b"\xe9: x"), 2, "yaml is no UTF-8 text"),
    ],
)
def test_what_a_person_must_mend_is_said_with_the_exit_code(project, spoil, code, message):
    spoil(project)
    found, said = project.unirain("run", "raw_datasets")

    assert code == found, said
    assert message in said


@pytest.mark.parametrize("command", [("prepare",), ("sync",), ("ui",)])
def test_a_folder_without_dvc_yaml_is_no_project(project, command):
    code, said = project.unirain(*command)

    assert (2, True) == (code, said.endswith("holds no dvc.yaml; run from the root of the project"))


def test_what_was_not_run_yet_is_named(project):
    code, said = project.unirain("summary")

    assert (1, True) == (code, said.endswith("writes it: run `dvc repro benchmark_tables`"))
