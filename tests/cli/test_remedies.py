"""The edits and other arguments that messages of `derain`, `sample-corpus` and `ui` name are tried."""

import re
import socket

import numpy as np
import pytest
from PIL import Image

from unirain_core.cli import servers
from unirain_core.cli.derain import derain, plan
from unirain_core.cli.sample_corpus import sample_corpus
from unirain_core.config.sections import Network
from unirain_core.errors import ConfigError, MissingInputError
from unirain_core.model import checkpoint
from unirain_core.model.architecture import build

CONFIG = Network(dim=8, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=2.0, shuffle=2)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a picture, a folder of pictures and a text."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for name in ("a.png", "in/a.png"):
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("rain")
    return tmp_path


@pytest.mark.parametrize(
    ("wrong", "remedy", "right"),
    [
        (("b.png", "out"), "name a picture or a folder of pictures", ("a.png", "out")),
        (("a.png", "out.jpg"), "name it out.png", ("a.png", "out.png")),
        (("a.png", "a.png"), "name another output folder", ("a.png", "out")),
        (("in", "in"), "name another output folder", ("in", "out")),
        (("in", "notes.txt"), "name a folder", ("in", "out")),
    ],
)
def test_the_arguments_that_derain_asks_for_are_taken(folder, wrong, remedy, right):
    with pytest.raises(ConfigError, match=re.escape(remedy)):
        plan(*(folder / name for name in wrong))

    assert len(plan(*(folder / name for name in right))) == 1


def test_a_picture_is_derained_once_it_is_renamed(folder):
    for name in ("a.bmp", "a.bmp.png"):
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(folder / "in" / name)
    with pytest.raises(ConfigError, match=r"; rename (.*)") as raised:
        plan(folder / "in", folder / "out")
    source = re.findall(r"rename (\S+)", str(raised.value))[0]
    (folder / source).rename(folder / "in/b.png")

    assert len(plan(folder / "in", folder / "out")) == 3


def test_readable_pictures_and_another_checkpoint_are_taken(folder):
    net = folder / "net"
    checkpoint.save(net, build(CONFIG, seed=0), CONFIG, {})
    (folder / "bad.png").write_bytes(b"no picture")
    with pytest.raises(MissingInputError, match="name another with --checkpoint"):
        derain(folder / "a.png", folder / "out")
    with pytest.raises(MissingInputError, match="name readable ones"):
        derain(folder / "bad.png", folder / "out", net)
    derain(folder / "a.png", folder / "out", net)

    assert (folder / "out/a.png").exists()


def render(output, **options):
    sample_corpus(
        output, pairs_per_type=2, real_per_type=1, height=64, width=64, planted_share=0.0, seed=1, **options
    )


@pytest.mark.slow
def test_a_corpus_is_rendered_into_the_folder_that_the_message_asks_for(folder):
    with pytest.raises(ConfigError, match="name a new folder"):
        render(folder / "in")
    with pytest.raises(ConfigError, match=r"name a folder, or --contact-sheet FILE\.png"):
        render(None)
    with pytest.raises(ConfigError, match=r"give a name that ends in \.png"):
        render(None, contact_sheet=folder / "sheet.jpg")
    render(folder / "new", contact_sheet=folder / "sheet.png")

    assert (folder / "sheet.png").exists()
    assert any((folder / "new").iterdir())


def test_another_first_port_is_taken_where_all_are_in_use(monkeypatch):
    monkeypatch.setattr(servers, "_PORTS_TRIED", 1)
    with socket.socket() as taken:
        taken.bind((servers.LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match="name another first port"):
            servers.free_port(port)
        monkeypatch.undo()

        assert servers.free_port(port + 1) > port
