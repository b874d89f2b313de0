"""A root at a URL: one door for bytes, and every failure is one of the operating system's with the object's name."""

import pickle
import subprocess
import sys
import time

import fsspec
import pytest
from fsspec.registry import _registry

from unirain_core.artefacts import remote
from unirain_core.artefacts.remote import Remote, State
from unirain_core.artefacts.roots import Roots
from unirain_core.errors import ChangedInputError, ConfigError, ItemError, MissingInputError
from unirain_core.imaging import codec
from unirain_core.imaging.codec import content_hash, read_file

POOL = Remote("s3://rain/pool")


@pytest.fixture(autouse=True)
def lines():
    """No store counts as silent for what a test before did."""
    remote._line.cache_clear()


def test_files_are_listed_by_relative_path_with_size_and_tag(store):
    for key in ("pool/a.png", "pool/x/b c#%20é.png", "pool2/other.png"):
        store.put(key, b"abc")
    states = POOL.files()

    assert {"a.png", "x/b c#%20é.png"} == set(states)
    assert 3 == states["a.png"].size
    assert '"900150983cd24fb0d6963f7d28e17f72"' == states["a.png"].tag.split()[0]  # MD5 of abc


def test_a_whole_bucket_may_be_a_root(store):
    store.put("a/1.png", b"abc")

    assert ["a/1.png"] == list(Remote("s3://rain").files())
    assert b"abc" == (Remote("s3://rain/") / "a/1.png").read_bytes(9)


def test_bytes_are_those_of_the_object_and_an_empty_object_is_empty(store):
    store.put("pool/x/b c#%20é.png", b"rain")
    store.put("pool/empty.png")

    assert b"rain" == (POOL / "x" / "b c#%20é.png").read_bytes(9)
    assert b"" == (POOL / "empty.png").read_bytes(9)
    assert b"rai" == (POOL / "x/b c#%20é.png").read_bytes(2), (
        "one byte more than the limit tells that there are more"
    )


@pytest.mark.parametrize("root", ["s3://rain/pool", "file"])
def test_a_file_that_is_put_replaces_an_older_one_and_can_be_removed(tmp_path, store, root):
    place = Remote(f"file://{tmp_path}" if root == "file" else root)
    for content in (b"older and longer", b"", b"new"):
        (place / "x y" / "b c#%20é.png").put(content)
        assert content == (place / "x y/b c#%20é.png").read_bytes()
    assert ["x y/b c#%20é.png"] == list(place.files())
    (place / "x y/b c#%20é.png").remove()

    assert {} == place.files()


def test_a_folder_that_is_no_root_is_not_made(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such object"):
        (Remote(f"file://{tmp_path}/disk") / "x").put(b"x")

    assert [] == list(tmp_path.iterdir())


def test_a_changed_object_is_seen_at_once(store):
    store.put("pool/a.png", b"old")
    first = (POOL / "a.png").ask_state()
    store.put("pool/a.png", b"new")

    assert b"new" == (POOL / "a.png").read_bytes(9)
    assert first.tag != (POOL / "a.png").ask_state().tag


def test_an_object_that_is_gone_or_another_is_not_the_listed_one(store):
    store.put("pool/a.png", b"old")
    with pytest.raises(ChangedInputError, match=r"s3://rain/pool/a.png has changed since it was listed"):
        read_file(POOL / "a.png", content_hash(b"listed"))
    store.delete("pool/a.png")
    with pytest.raises(ChangedInputError, match=r"s3://rain/pool/a.png has changed since it was listed"):
        read_file(POOL / "a.png", content_hash(b"old"))
    with pytest.raises(FileNotFoundError, match=r"no such object: 's3://rain/pool/a.png'"):
        read_file(POOL / "a.png")


def test_an_object_beyond_all_use_is_refused(store, monkeypatch):
    monkeypatch.setattr(codec, "MAX_BYTES", 3)
    store.put("pool/a.png", b"four")
    with pytest.raises(ItemError, match=r"too_large: a.png: more than 3 bytes"):
        read_file(POOL / "a.png")


def test_a_missing_bucket_is_no_such_object(store):
    with pytest.raises(FileNotFoundError, match="s3://nowhere/pool"):
        Remote("s3://nowhere/pool").files()


def test_without_credentials_the_store_does_not_let_this_user_in(store, monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("HOME", str(tmp_path))
    anew = Remote("s3://rain/pool", (("requester_pays", False),))  # no connection of an earlier test
    with pytest.raises(PermissionError, match="Unable to locate credentials"):
        anew.files()


@pytest.mark.slow
def test_a_store_that_does_not_answer_is_not_asked_again_for_a_while(store):
    dead = Remote("s3://rain/pool", (("endpoint_url", "http://127.0.0.1:9"),))
    with pytest.raises(OSError, match="the store does not answer"):
        (dead / "a.png").read_bytes(9)
    started = time.monotonic()
    for _ in range(1000):
        with pytest.raises(OSError, match="the store does not answer"):
            (dead / "b.png").read_bytes(9)

    assert time.monotonic() - started < 60  # a thousand connections would take longer, whatever the machine


def test_a_store_that_answers_again_is_asked_once_the_while_is_over(store):
    store.put("pool/a.png", b"abc")
    remote._line(POOL.root, POOL.options).silent_until = time.monotonic() + 0.05
    time.sleep(0.1)

    assert b"abc" == (POOL / "a.png").read_bytes(9)


def test_a_url_of_a_package_that_is_not_installed_says_which_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(_registry, "s3", raising=False)
    with pytest.raises(MissingInputError, match=r"Install s3fs.*pip install 'unirain\[s3\]'"):
        POOL.files()


def test_a_scheme_that_nobody_knows_is_a_fault_of_the_line(store, tmp_path):
    store.put("pool/a.png", b"abc")
    line = tmp_path / "roots.local.yaml"
    line.write_text("mine: s4://rain/pool\n")
    with pytest.raises(ConfigError, match=r"s4://rain/pool/a.png: fsspec knows no s4://; correct the line"):
        read_file(Roots.load(tmp_path).path("mine", "a.png"))
    line.write_text("mine: s3://rain/pool\n")

    assert b"abc" == read_file(Roots.load(tmp_path).path("mine", "a.png"))


def test_options_that_fsspec_refuses_are_a_fault_of_the_line():
    with pytest.raises(
        ConfigError, match=r"refuses the URL or its options \(max_concurrency must be >= 1\); correct"
    ):
        Remote("s3://rain/pool", (("max_concurrency", 0),)).files()


def test_a_password_in_a_url_is_never_shown():
    file = Remote("sftp://me:secret@host/pool") / "a.png"

    assert "sftp://host/pool/a.png" == str(file)


def test_other_stores_are_read_the_same_way_and_one_without_etag_has_no_tag():
    fsspec.filesystem("memory").pipe_file("/pool/x/a.png", b"abc")
    pool = Remote("memory://pool")

    assert {"x/a.png": State(3, "")} == pool.files()
    assert b"abc" == (pool / "x/a.png").read_bytes(9)


def test_a_root_at_a_url_travels_to_another_process(store, tmp_path):
    store.put("pool/a.png", b"abc")
    (tmp_path / "roots.local.yaml").write_text("mine: s3://rain/pool\n")
    (tmp_path / "roots").write_bytes(pickle.dumps(Roots.load(tmp_path)))
    program = (
        "import pickle, pathlib; roots = pickle.loads(pathlib.Path('roots').read_bytes()); "
        "print(roots.path('mine', 'a.png').read_bytes(9))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert ("b'abc'\n", "") == (answer.stdout, answer.stderr)


def test_an_endpoint_may_stand_among_the_options(store, tmp_path, monkeypatch):
    store.put("pool/a.png", b"abc")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    line = f"{{folder: 's3://rain/pool', options: {{endpoint_url: '{store.url}'}}}}"
    (tmp_path / "roots.local.yaml").write_text(f"mine: {line}\n")

    assert b"abc" == read_file(Roots.load(tmp_path).path("mine", "a.png"))


def test_folders_of_this_machine_never_load_fsspec(tmp_path):
    (tmp_path / "roots.local.yaml").write_text("mine: .\n")
    program = (
        "import sys, pathlib; from unirain_core.artefacts.roots import Roots; from unirain_core.imaging import codec; "
        "codec.read_file(Roots.load(pathlib.Path.cwd()).path('mine', 'roots.local.yaml')); "
        "print([m for m in ('fsspec', 's3fs', 'aiohttp') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert "[]\n" == answer.stdout
