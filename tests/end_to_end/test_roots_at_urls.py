"""The pipeline over a root in an object store, by `dvc repro`: tables and splits as from a disk."""

import shutil
import sys

import pytest

from benchmarks.tiny_project import run, state, tiny_project

pytestmark = pytest.mark.slow


@pytest.fixture
def near(tmp_path):
    """A tiny project whose pool lies in a folder outside of it."""
    folder = tiny_project(tmp_path / "near")
    run(folder, sys.executable, "-m", "dvc", "repro", "sample_corpus@demo")
    shutil.copytree(folder / "data/sample_corpus/demo", tmp_path / "pool")
    params = (folder / "params.yaml").read_text(encoding="utf-8")
    (folder / "params.yaml").write_text(params.replace("root: demo", "root: far"), encoding="utf-8")
    (folder / "roots.local.yaml").write_text("far: ../pool\n", encoding="utf-8")
    return folder


def test_a_pool_in_a_store_gives_the_bytes_that_the_same_files_give_on_a_disk(tmp_path, near, store):
    far = tmp_path / "far"
    shutil.copytree(near, far)
    (far / "roots.local.yaml").write_text("far: s3://rain/pool\n", encoding="utf-8")
    store.upload(tmp_path / "pool", "pool")
    for folder in (near, far):
        run(folder, sys.executable, "-m", "dvc", "repro", "rainrag_split")
    files = state(far)

    assert state(near) == files
    assert {"split/test.parquet", "votes/votes.parquet", "dvc.lock"} <= set(files)
