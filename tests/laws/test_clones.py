"""A clone holds the same bytes as the original, so that no step is stale in it, however git is configured there."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def git(folder, *arguments):
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def clones(tmp_path_factory):
    """The working tree as a commit of its own, cloned plainly and as git on Windows is often configured."""
    if not (ROOT / ".git").exists():
        pytest.skip("this copy of the project is no checkout of git")
    original = tmp_path_factory.mktemp("original")
    tracked = (
        git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout.decode().split("\0")
    )
    files = [name for name in tracked if name and (ROOT / name).is_file()]
    for name in files:
        (original / name).parent.mkdir(parents=True, exist_ok=True)
        (original / name).write_bytes((ROOT / name).read_bytes())
    (original / "odd.csv").write_bytes(b"a\r\nb\nc\r\n")
    git(original, "init", "--quiet")
    git(original, "add", "--force", "--all")
    git(original, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "--quiet", "-m", "all")
    cloned = tmp_path_factory.mktemp("clone") / "project"
    git(original, "clone", "--quiet", "-c", "core.autocrlf=true", str(original), str(cloned))
    return original, cloned, [*files, "odd.csv"]


def test_a_clone_with_other_line_ends_holds_the_same_bytes(clones):
    original, cloned, files = clones
    changed = [name for name in files if (original / name).read_bytes() != (cloned / name).read_bytes()]

    assert [] == changed


def test_every_code_dep_of_the_pipeline_is_among_them(clones):
    _, cloned, files = clones
    deps = re.findall(
        r"^ *- (unirain_core/\S+)$", (cloned / "dvc.yaml").read_text(encoding="utf-8"), re.MULTILINE
    )

    assert len(set(deps)) > 100
    folders = {parent.as_posix() for name in files for parent in Path(name).parents}
    assert [] == [dep for dep in deps if dep not in {*files, *folders}]


def test_git_sees_no_change_in_such_a_clone(clones):
    _, cloned, _ = clones

    assert b"" == git(cloned, "status", "--porcelain").stdout
