import os
import shutil
import signal
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from unirain_core.cli.derain import derain, plan
from unirain_core.config.sections import Network
from unirain_core.errors import ConfigError, MissingInputError, SchemaError, UniRainError
from unirain_core.imaging.codec import read_rgb
from unirain_core.model import checkpoint as checkpoints
from unirain_core.model.architecture import build

CONFIG = Network(dim=8, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=2.0, shuffle=2)


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    """A checkpoint whose correction is zero: what comes out is what was read."""
    net = build(CONFIG, seed=0)
    torch.nn.init.zeros_(net.head.weight)
    folder = tmp_path_factory.mktemp("checkpoints") / "unirain"
    checkpoints.save(folder, net, CONFIG, {})
    return folder


def noise(*shape, high=256, dtype=np.uint8):
    return np.random.default_rng(0).integers(0, high, shape, dtype=dtype)


def write(path, pixels, mode=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels, mode).save(path)
    return path


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_names_and_sub_folders_stay(tmp_path, identity):
    write(tmp_path / "in" / "夜雨 é.png", noise(9, 7, 3))
    write(tmp_path / "in" / "a" / "b" / "rain.v2.bmp", noise(5, 11, 3))
    derain(tmp_path / "in", tmp_path / "out", identity)

    assert files(tmp_path / "out") == ["a/b/rain.v2.png", "夜雨 é.png"]
    np.testing.assert_array_equal(noise(9, 7, 3), read_rgb(tmp_path / "out" / "夜雨 é.png"))


@pytest.mark.parametrize(
    ("pixels", "mode"),
    [
        (noise(9, 7), "L"),
        (noise(9, 7, high=65536, dtype=np.uint16), "L"),
        (noise(9, 7, 3), "RGB"),
        (noise(9, 7, 4), "RGB"),
    ],
    ids=["grey", "16-bit", "colour", "alpha"],
)
def test_a_grey_picture_comes_out_with_one_channel_and_every_other_as_rgb(tmp_path, identity, pixels, mode):
    source = write(tmp_path / "photo.png", pixels)
    derain(source, tmp_path / "clean.png", identity)

    with Image.open(tmp_path / "clean.png") as clean:
        assert clean.mode == mode
    np.testing.assert_array_equal(read_rgb(source), read_rgb(tmp_path / "clean.png"))


def test_one_picture_goes_into_a_folder_under_its_name(tmp_path, identity):
    derain(write(tmp_path / "photo.bmp", noise(8, 8, 3)), tmp_path / "out", identity)

    assert files(tmp_path / "out") == ["photo.png"]


def test_pictures_that_differ_only_in_suffix_both_come_out(tmp_path):
    for name in ("a.png", "a.bmp", "b.png"):
        write(tmp_path / "in" / name, noise(4, 4, 3))

    assert [job.target.name for job in plan(tmp_path / "in", tmp_path / "out")] == [
        "a.bmp.png",
        "a.png.png",
        "b.png",
    ]


def test_what_is_no_picture_is_skipped_with_a_line(tmp_path, identity, capsys):
    write(tmp_path / "in" / "a.png", noise(4, 4, 3))
    (tmp_path / "in" / "notes.txt").write_text("rain")
    (tmp_path / "in" / "broken.png").write_bytes(b"no picture")
    with pytest.raises(UniRainError, match="1 of 2 pictures were skipped") as raised:
        derain(tmp_path / "in", tmp_path / "out", identity)
    said = capsys.readouterr()

    assert raised.value.exit_code == 1
    assert files(tmp_path / "out") == ["a.png"]
    assert "notes.txt: no picture by its suffix" in said.err
    assert "broken.png: unreadable" in said.err
    assert said.out.startswith("1 of 2 pictures derained")


def test_a_second_run_does_not_take_its_results_for_inputs(tmp_path, identity):
    write(tmp_path / "in" / "a.png", noise(4, 4, 3))
    for _ in range(2):
        derain(tmp_path / "in", tmp_path / "in" / "clean", identity)

    assert files(tmp_path / "in") == ["a.png", "clean/a.png"]


def test_the_folder_around_the_input_can_be_the_output(tmp_path, identity):
    write(tmp_path / "in" / "a.png", noise(4, 4, 3))
    derain(tmp_path / "in", tmp_path, identity)

    assert files(tmp_path) == ["a.png", "in/a.png"]


def test_links_to_nowhere_to_themselves_and_to_folders_are_named_and_the_others_are_derained(
    tmp_path, identity, capsys
):
    write(tmp_path / "in" / "a.png", noise(4, 4, 3))
    write(tmp_path / "elsewhere" / "b.png", noise(4, 4, 3))
    for name, target in (("gone.png", "nothing"), ("loop.png", "loop.png"), ("more", "../elsewhere")):
        (tmp_path / "in" / name).symlink_to(target)
    derain(tmp_path / "in", tmp_path / "out", identity)
    said = capsys.readouterr().err

    assert files(tmp_path / "out") == ["a.png"]
    for line in (
        "gone.png: a link that leads nowhere",
        "loop.png: a link that leads nowhere",
        "more: a link to a folder",
    ):
        assert line in said


def test_a_folder_is_never_derained_into_itself(tmp_path):
    write(tmp_path / "in" / "a.png", noise(4, 4, 3))

    with pytest.raises(ConfigError, match="is the input folder"):
        plan(tmp_path / "in", tmp_path / "in" / ".." / "in")


def test_a_picture_is_never_overwritten(tmp_path):
    source = write(tmp_path / "a.png", noise(4, 4, 3))

    for output in (source, tmp_path):
        with pytest.raises(ConfigError, match="would overwrite an input"):
            plan(source, output)


@pytest.mark.parametrize(
    ("name", "output", "message"),
    [
        ("missing", "out", "does not exist"),
        ("notes.txt", "out", "is no picture"),
        ("a.png", "out.jpg", "written as PNG; name it out.png"),
        ("in", "notes.txt", "is a file"),
    ],
)
def test_wrong_use_is_explained(tmp_path, name, output, message):
    write(tmp_path / "a.png", noise(4, 4, 3))
    write(tmp_path / "in" / "a.png", noise(4, 4, 3))
    (tmp_path / "notes.txt").write_text("rain")

    with pytest.raises(ConfigError, match=message):
        plan(tmp_path / name, tmp_path / output)


def test_a_folder_without_pictures_is_no_success(tmp_path):
    with pytest.raises(MissingInputError, match="holds no picture"):
        plan(tmp_path, tmp_path / "out")


def test_a_folder_of_unreadable_pictures_is_no_success(tmp_path, identity):
    (tmp_path / "broken.png").write_bytes(b"no picture")

    with pytest.raises(MissingInputError, match="not one picture could be derained"):
        derain(tmp_path, tmp_path / "out", identity)


def png_of_size(width, height):
    """A PNG whose header promises any size, and whose data are empty."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", b""), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (
            "bomb.png",
            png_of_size(99_999_999, 1),
            "too_large (bomb.png: 99,999,999 x 1 pixels, at most 65,535 along",
        ),
        (
            "wide.png",
            png_of_size(60_000, 60_000),
            "too_large (wide.png: 60,000 x 60,000 pixels, at most 100,000,000",
        ),
        (
            "vector.png",
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
            "format_not_supported (vector.png: it is EPS",
        ),
        (
            "phone.jpg",
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(80),
            "format_not_supported (phone.jpg: it is HEIC",
        ),
        (
            "gone.heic",
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(80),
            "format_not_supported (gone.heic: it is HEIC",
        ),
        ("empty.gif", b"", "unreadable (empty.gif: the file is empty"),
    ],
)
def test_a_picture_that_cannot_be_used_is_named_and_the_others_are_derained(
    tmp_path, identity, capsys, name, content, reason
):
    write(tmp_path / "in" / "a.png", noise(4, 4, 3))
    write(tmp_path / "in" / "z.png", noise(4, 4, 3))
    (tmp_path / "in" / name).write_bytes(content)
    with pytest.raises(UniRainError, match="1 of 3 pictures were skipped"):
        derain(tmp_path / "in", tmp_path / "out", identity)

    assert files(tmp_path / "out") == ["a.png", "z.png"]
    assert f"{name}: {reason}" in capsys.readouterr().err


def no_memory_for_a(path, **options):
    """As `read_rgb`, in the process that decodes."""
    if path.name == "a.png":
        raise MemoryError
    return read_rgb(path, **options)


def death_by_a(path, **options):
    """As where a file of a stranger finds a hole in a decoder."""
    if path.name == "a.png":
        os.kill(os.getpid(), signal.SIGSEGV)
    return read_rgb(path, **options)


@pytest.mark.parametrize(("read", "reason"), [(no_memory_for_a, "out_of_memory"), (death_by_a, "crashed")])
def test_a_picture_that_ends_its_decoder_is_skipped_and_the_others_are_derained(
    tmp_path, identity, capsys, monkeypatch, read, reason
):
    for name in ("a.png", "b.png", "c.png"):
        write(tmp_path / "in" / name, noise(4, 4, 3))
    monkeypatch.setattr("unirain_core.cli.apart.read_rgb", read)
    with pytest.raises(UniRainError, match="1 of 3 pictures were skipped"):
        derain(tmp_path / "in", tmp_path / "out", identity)

    assert files(tmp_path / "out") == ["b.png", "c.png"]
    assert f"a.png: {reason}" in capsys.readouterr().err


def test_a_name_as_long_as_a_file_system_allows_is_derained(tmp_path, identity):
    write(tmp_path / "in" / f"{'a' * 251}.png", noise(4, 4, 3))
    write(tmp_path / "in" / "b.png", noise(4, 4, 3))
    derain(tmp_path / "in", tmp_path / "out", identity)

    assert [len(name) for name in files(tmp_path / "out")] == [255, 5]


@pytest.mark.parametrize("suffix", [".gif", ".avif", ".jfif", ".webp", ".tif"])
def test_every_format_that_the_decoder_reads_is_derained(tmp_path, identity, suffix):
    (tmp_path / "in").mkdir()
    Image.fromarray(noise(16, 16, 3)).save(
        tmp_path / "in" / f"a{suffix}", "JPEG" if suffix == ".jfif" else None
    )
    derain(tmp_path / "in", tmp_path / "out", identity)

    assert files(tmp_path / "out") == ["a.png"]


def test_without_a_checkpoint_the_way_to_one_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(Path("a.png"), noise(4, 4, 3))

    with pytest.raises(
        MissingInputError, match=r"data/checkpoints/reweighted holds no checkpoint.*make demo"
    ):
        derain(Path("a.png"), Path("out"))


def test_a_checkpoint_whose_configuration_was_edited_is_refused(tmp_path, identity):
    shutil.copytree(identity, tmp_path / "other")
    description = tmp_path / "other" / "model.json"
    description.write_text(description.read_text().replace('"ffn_expansion": 2.0', '"ffn_expansion": 3.0'))
    write(tmp_path / "a.png", noise(4, 4, 3))

    with pytest.raises(SchemaError, match="was changed since it was written"):
        derain(tmp_path / "a.png", tmp_path / "out", tmp_path / "other")


def test_what_png_files_do_not_keep_is_said_with_how_many_pictures_had_it(tmp_path, identity, capsys):
    told = Image.Exif()
    told[271] = "maker"
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "in").mkdir(exist_ok=True)
        Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(tmp_path / "in" / name, exif=told)
    Image.fromarray(np.zeros((16, 16, 4), np.uint8)).save(tmp_path / "in/c.png")
    derain(tmp_path / "in", tmp_path / "out", str(identity))

    assert "not kept: EXIF of 2, transparency of 1" in capsys.readouterr().out
