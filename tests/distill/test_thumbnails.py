"""Thumbnails are small pictures of both sides; what cannot be read is absent, and what is unchanged is decoded once."""

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import ManifestRow
from unirain_core.cli import verify
from unirain_core.distill.thumbnails import FILE, WIDTH, encode, thumbnails
from unirain_core.engine.collect import collect
from unirain_core.engine.store import WorkStore
from unirain_core.imaging.codec import file_hash, read_rgb


def row(pair_id, rainy, clean, halves=None):
    return ManifestRow(
        pair_id=pair_id, dataset="d", rain_types=("drs",), origin="real", role="train", root="r", input=rainy,
        target=clean, halves=halves, group=None, input_bytes=1, target_bytes=1, input_hash="", target_hash="",
    )  # fmt: skip


def page(root, rows, algorithm="1"):
    """The thumbnails of a run of the stage on pictures below a folder."""
    store = WorkStore(home=root / ".unirain", owner="gallery")
    store.begin()
    made = thumbnails(rows, Roots(project=root, local={"r": str(root)}), store, algorithm)
    store.end()
    return made


def decoded(text):
    return Image.open(io.BytesIO(base64.b64decode(text)))


def flat(height, width, value):
    return np.full((height, width, 3), value, dtype=np.uint8)


def test_a_thumbnail_keeps_the_aspect_ratio_and_a_small_picture_its_size():
    assert (WIDTH, WIDTH // 2) == decoded(encode(flat(500, 1000, 90))).size
    assert (128, 64) == decoded(encode(flat(64, 128, 90))).size


def test_both_sides_of_a_pair_and_of_a_double_picture_are_shown(tmp_path):
    Image.fromarray(flat(20, 30, 200)).save(tmp_path / "rainy.png")
    Image.fromarray(flat(20, 30, 40)).save(tmp_path / "clean.png")
    Image.fromarray(np.hstack([flat(20, 30, 40), flat(20, 30, 200)])).save(tmp_path / "both.png")
    rows = [
        replace(
            row("a", "rainy.png", "clean.png"),
            input_hash=file_hash(tmp_path / "rainy.png"),
            target_hash=file_hash(tmp_path / "clean.png"),
        ),
        replace(row("b", "both.png", None, halves="left"), input_hash=file_hash(tmp_path / "both.png")),
    ]
    found = page(tmp_path, rows)

    for name in "ab":
        rainy, clean = (float(np.asarray(decoded(text)).mean()) for text in found[name])
        assert abs(rainy - 200) < 3
        assert abs(clean - 40) < 3


def test_an_unreadable_picture_is_absent(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no picture")

    assert {"a": (None, None)} == page(tmp_path, [row("a", "bad.png", "gone.png")])


def test_a_picture_that_was_exchanged_is_not_shown(tmp_path):
    Image.fromarray(flat(20, 30, 200)).save(tmp_path / "rainy.png")
    exchanged = replace(row("a", "rainy.png", None), input_hash="0" * 32)

    assert {"a": (None, None)} == page(tmp_path, [exchanged])


@pytest.fixture
def pairs(tmp_path):
    """Two pairs of four pictures."""
    rows = []
    for number, name in enumerate("ab"):
        for side, value in (("rainy", 200), ("clean", 40)):
            Image.fromarray(flat(20, 30, value + number)).save(tmp_path / f"{name}_{side}.png")
        rainy, clean = tmp_path / f"{name}_rainy.png", tmp_path / f"{name}_clean.png"
        pair = row(name, rainy.name, clean.name)
        rows.append(replace(pair, input_hash=file_hash(rainy), target_hash=file_hash(clean)))
    return rows


@pytest.fixture
def decodings(monkeypatch):
    """Names of the files that are decoded, as they are."""
    names = []

    def read(path, listed):
        names.append(path.name)
        return read_rgb(path, listed)

    monkeypatch.setattr("unirain_core.imaging.pairs.read_rgb", read)
    return names


def test_the_next_page_decodes_only_what_has_changed(tmp_path, pairs, decodings):
    first = page(tmp_path, pairs)
    decodings.clear()

    assert (first, []) == (page(tmp_path, pairs), decodings)

    Image.fromarray(flat(20, 30, 90)).save(tmp_path / "b_clean.png")
    pairs[1] = replace(pairs[1], target_hash=file_hash(tmp_path / "b_clean.png"))
    second = page(tmp_path, pairs)

    assert ["b_clean.png"] == decodings
    assert (first["a"], first["b"][0]) == (second["a"], second["b"][0])
    assert abs(float(np.asarray(decoded(second["b"][1])).mean()) - 90) < 3


def test_both_halves_of_a_double_picture_are_kept(tmp_path, decodings):
    Image.fromarray(np.hstack([flat(20, 30, 40), flat(20, 30, 200)])).save(tmp_path / "both.png")
    rows = [replace(row("b", "both.png", None, halves="left"), input_hash=file_hash(tmp_path / "both.png"))]

    assert page(tmp_path, rows) == page(tmp_path, rows)
    assert ["both.png"] == decodings


def test_another_algorithm_decodes_everything_anew(tmp_path, pairs, decodings):
    page(tmp_path, pairs)
    page(tmp_path, pairs, algorithm="2")

    assert 8 == len(decodings)


@pytest.mark.parametrize("content", [b"", b"{}", b"garbage"])
def test_damaged_thumbnails_are_made_again(tmp_path, pairs, decodings, content):
    first = page(tmp_path, pairs)
    (kept,) = tmp_path.glob(f".unirain/shards/gallery/*/{FILE}")
    kept.write_bytes(content)

    assert first == page(tmp_path, pairs)
    assert 8 == len(decodings)


def test_verify_finds_and_removes_damaged_thumbnails(tmp_path, pairs):
    page(tmp_path, pairs)
    (kept,) = tmp_path.glob(f".unirain/shards/gallery/*/{FILE}")
    kept.write_bytes(kept.read_bytes()[:-1])
    problems = list(verify._of_work(tmp_path / ".unirain"))

    assert [f"{kept.parent} was damaged and is removed: the next run that needs it does it again"] == problems
    assert not kept.exists()


def test_gc_removes_the_thumbnails_of_older_pages(tmp_path, pairs):
    page(tmp_path, pairs)
    page(tmp_path, pairs[:1])
    removed = collect(tmp_path / ".unirain").removed
    (kept,) = tmp_path.glob(".unirain/shards/gallery/*")

    assert 1 == len(removed)
    assert kept not in removed


def test_a_picture_that_could_not_be_read_is_tried_again(tmp_path, pairs):
    (tmp_path / "a_rainy.png").rename(tmp_path / "away.png")
    without = page(tmp_path, pairs)
    (tmp_path / "away.png").rename(tmp_path / "a_rainy.png")

    assert without["a"][0] is None
    assert page(tmp_path, pairs)["a"][0] is not None
