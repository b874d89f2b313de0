"""Thumbnails are small pictures of both sides; what cannot be read is absent."""

import base64
import io
from dataclasses import replace

import numpy as np
from PIL import Image

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import ManifestRow
from unirain_core.distill.thumbnails import WIDTH, encode, thumbnails
from unirain_core.imaging.codec import file_hash


def row(pair_id, rainy, clean, halves=None):
    return ManifestRow(
        pair_id=pair_id, dataset="d", rain_types=("drs",), origin="real", role="train", root="r", input=rainy,
        target=clean, halves=halves, group=None, input_bytes=1, target_bytes=1, input_hash="", target_hash="",
    )  # fmt: skip


def decoded(text):
    return Image.open(io.BytesIO(base64.b64decode(text)))


def flat(height, width, value):
    return np.full((height, width, 3), value, dtype=np.uint8)


def test_a_thumbnail_keeps_the_aspect_ratio():
    assert (WIDTH, WIDTH // 2) == decoded(encode(flat(64, 128, 90))).size


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
    found = thumbnails(rows, Roots(project=tmp_path, local={"r": str(tmp_path)}))

    for name in "ab":
        rainy, clean = (float(np.asarray(decoded(text)).mean()) for text in found[name])
        assert abs(rainy - 200) < 3
        assert abs(clean - 40) < 3


def test_an_unreadable_picture_is_absent(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no picture")

    assert {"a": (None, None)} == thumbnails(
        [row("a", "bad.png", "gone.png")], Roots(project=tmp_path, local={"r": str(tmp_path)})
    )


def test_a_picture_that_was_exchanged_is_not_shown(tmp_path):
    Image.fromarray(flat(20, 30, 200)).save(tmp_path / "rainy.png")
    exchanged = replace(row("a", "rainy.png", None), input_hash="0" * 32)

    assert {"a": (None, None)} == thumbnails([exchanged], Roots(project=tmp_path, local={"r": str(tmp_path)}))
