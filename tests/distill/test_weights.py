"""Where weights lie: a folder of the user's, else the hub's cache at exactly the pinned commit; nothing is downloaded."""

import pytest

from unirain_core.distill.weights import Located, fingerprint, folder_of
from unirain_core.errors import WeightsUnavailableError

COMMIT, OTHER = "a" * 40, "b" * 40


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The hub's cache with one commit of one model, as `hf download` leaves it."""
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.delenv("UNIRAIN_MODELS", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    home = tmp_path / "hub/models--who--what"
    (home / f"snapshots/{COMMIT}").mkdir(parents=True)
    (home / f"snapshots/{COMMIT}/config.json").write_text("{}")
    (home / "refs").mkdir()
    (home / "refs/main").write_text(COMMIT)
    return home


def test_weights_of_the_pinned_commit_are_taken_from_the_cache(cache):
    assert cache / f"snapshots/{COMMIT}" == folder_of("who/what", COMMIT)


def test_weights_of_another_commit_are_not_taken_in_their_place(cache):
    with pytest.raises(
        WeightsUnavailableError, match=f"run `hf download who/what --revision {OTHER}`, or put them"
    ):
        folder_of("who/what", OTHER)


def test_a_revision_that_nobody_wrote_down_says_how_to_learn_it():
    with pytest.raises(
        WeightsUnavailableError, match=r"no pinned revision; run `hf download who/what`.* write that commit"
    ):
        folder_of("who/what", "unpinned")


@pytest.mark.parametrize("revision", ["main", COMMIT[:7]])
def test_a_revision_that_may_become_another_is_refused_until_its_commit_is_written_down(cache, revision):
    (cache / f"refs/{revision}").write_text(COMMIT)  # as `hf download --revision` leaves it
    with pytest.raises(
        WeightsUnavailableError,
        match=f"revision '{revision}' is no whole commit; .*{COMMIT}: write that commit",
    ) as caught:
        folder_of("who/what", revision)
    commit = str(caught.value).partition("has it as ")[2].partition(":")[0]

    assert cache / f"snapshots/{COMMIT}" == folder_of("who/what", commit)


@pytest.mark.parametrize("revision", ["unpinned", "0" * 40])
def test_a_path_that_params_name_is_not_to_be_downloaded(tmp_path, monkeypatch, revision):
    (tmp_path / "models/mine/v1").mkdir(parents=True)
    monkeypatch.delenv("UNIRAIN_MODELS", raising=False)
    with pytest.raises(
        WeightsUnavailableError, match=r"no id of the hub.*set UNIRAIN_MODELS to the folder above"
    ) as caught:
        folder_of(f"{tmp_path}/models/mine/v1", revision)
    assert "hf download" not in str(caught.value)
    monkeypatch.setenv("UNIRAIN_MODELS", f"{tmp_path}/models")

    assert tmp_path / "models/mine/v1" == folder_of("mine/v1", revision)


def test_a_folder_of_the_users_comes_first_whatever_its_revision_is_called(tmp_path, monkeypatch):
    (tmp_path / "mine/who/what").mkdir(parents=True)
    monkeypatch.setenv("UNIRAIN_MODELS", str(tmp_path / "mine"))

    assert tmp_path / "mine/who/what" == folder_of("who/what", "unpinned")
    with pytest.raises(WeightsUnavailableError, match="are not on this machine"):
        folder_of("who/else", COMMIT)


def test_a_changed_byte_and_a_changed_name_change_the_fingerprint(tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "a").write_bytes(b"1")
    first = fingerprint(folder)
    (folder / "a").write_bytes(b"2")
    second = fingerprint(folder)
    (folder / "a").rename(folder / "b")

    assert 3 == len({first, second, fingerprint(folder)})


def test_a_function_of_a_folder_looks_for_it_where_it_is_called(tmp_path, monkeypatch):
    located = Located("blip", "1", lambda folder, thing: (folder, thing))
    for machine in ("one", "two"):
        (tmp_path / machine / "blip").mkdir(parents=True)
        monkeypatch.setenv("UNIRAIN_MODELS", str(tmp_path / machine))

        assert (tmp_path / machine / "blip", 7) == located(7)
