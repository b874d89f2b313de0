"""Where DVC's cache lies is DVC's to say, and its lists of folders may be absent or damaged."""

import json
import subprocess
import sys

import pytest

from unirain_core.artefacts.dvc_cache import listing, objects_folder
from unirain_core.errors import ConfigError

FOLDER = "0123456789abcdef0123456789abcdef.dir"


def dvc(root, *arguments):
    command = [sys.executable, "-m", "dvc", *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    dvc(root, "init", "--quiet")
    return root


@pytest.mark.parametrize(
    "words", [(), ("../shared",), ("--local", "../shared"), ("/shared/by/all",), ("in/here",)]
)
def test_the_objects_lie_where_dvc_says(project, words):
    if words:
        dvc(project, "config", *words[:-1], "cache.dir", words[-1])

    assert objects_folder(project).as_posix() == f"{dvc(project, 'cache', 'dir')}/files/md5"


def test_the_cache_of_a_project_without_a_configuration_is_its_own(tmp_path):
    assert tmp_path / ".dvc/cache/files/md5" == objects_folder(tmp_path)


def test_a_configuration_that_dvc_cannot_read_is_told(project):
    (project / ".dvc/config").write_text("[cache\n")

    with pytest.raises(ConfigError, match=r"DVC cannot read its configuration .*mend \.dvc/config"):
        objects_folder(project)
    (project / ".dvc/config").write_text("[cache]\n")

    assert project / ".dvc/cache/files/md5" == objects_folder(project)


def test_the_list_of_a_folder_gives_its_files(tmp_path):
    (tmp_path / "01").mkdir()
    entries = [{"md5": "1", "relpath": "a.txt"}, {"md5": "2", "relpath": "b/c.txt"}]
    (tmp_path / "01" / FOLDER[2:]).write_text(json.dumps(entries))

    assert {"a.txt": "1", "b/c.txt": "2"} == listing(tmp_path, FOLDER)


def test_an_out_that_is_a_file_is_its_own_list(tmp_path):
    assert {"": "0" * 32} == listing(tmp_path, "0" * 32)


@pytest.mark.parametrize("content", [None, "", "[", "[1]", '[{"md5": "1"}]', "7"])
def test_an_absent_or_damaged_list_gives_none(tmp_path, content):
    (tmp_path / "01").mkdir()
    if content is not None:
        (tmp_path / "01" / FOLDER[2:]).write_text(content)

    assert listing(tmp_path, FOLDER) is None
