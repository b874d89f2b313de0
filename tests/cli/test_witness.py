"""What a stage is made with is noted when it begins and compared when it ends."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from unirain_core.cli.run import _watched as watched
from unirain_core.cli.witness import Witness
from unirain_core.config.load import read_yaml
from unirain_core.config.lock import tree_hash
from unirain_core.config.pipeline import read_pipeline
from unirain_core.errors import ArtefactError, ConfigError, EditedError

PIPELINE = """
stages:
  parts:
    foreach: ${parts}
    do:
      cmd: make ${key}
      deps: [unirain_core/parts.py]
      params: ["parts.${key}"]
      outs: ["data/parts/${key}", "reports/parts/${key}.json": {cache: false}]
  whole:
    cmd: make whole
    deps: [data/parts, unirain_core/whole]
    params: [whole, training.steps]
    outs: [data/whole, reports/whole.json: {cache: false}]
"""
PARAMS = """
parts: {one: {n: 1}, two: {n: 2}}
whole: {a: {b: 1, c: [1, 2]}}
training: {steps: 3, patch: 4}
"""


@pytest.fixture
def project(tmp_path):
    for path, text in {
        "dvc.yaml": PIPELINE,
        "params.yaml": PARAMS,
        "unirain_core/parts.py": "x = 1\n",
        "unirain_core/whole/a.py": "x = 2\n",
        "unirain_core/whole/__pycache__/a.pyc": "bytecode",
        "data/parts/one/a.txt": "one",
        "data/parts/two/b/b.txt": "two",
        "data/parts/stray/c.txt": "of a key that is gone",
    }.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def begin(root, stage="whole", key=None):
    pipeline = read_pipeline(root, read_yaml(root / "params.yaml"))
    step = next(step for step in pipeline.steps if (step.stage, step.key) == (stage, key))
    return Witness.begin(root, pipeline, step)


def rewrite(root, path, old, new):
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new))


def touch(file):
    """The same content under another time and inode."""
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content)
    os.utime(file, (1, 1))


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (lambda r: rewrite(r, "params.yaml", "b: 1", "b: 7"), "whole.a.b from 1 to 7 in params.yaml"),
        (
            lambda r: rewrite(r, "params.yaml", "c: [1, 2]", "d: 0"),
            "whole.a.c from [1, 2] to absent in params.yaml",
        ),
        (lambda r: rewrite(r, "params.yaml", "steps: 3", "steps: 9"), "training.steps from 3 to 9"),
        (lambda r: rewrite(r, "params.yaml", "training:", "trainings:"), "training.steps from 3 to None"),
        (lambda r: (r / "params.yaml").write_text("a: ["), "params.yaml, which cannot be read any more"),
        (lambda r: (r / "params.yaml").unlink(), "params.yaml, which cannot be read any more"),
        (
            lambda r: rewrite(r, "unirain_core/whole/a.py", "2", "3"),
            "unirain_core/whole/a.py (has other content)",
        ),
        (lambda r: (r / "unirain_core/whole/a.py").unlink(), "unirain_core/whole/a.py (is gone)"),
        (lambda r: (r / "unirain_core/whole/b.py").touch(), "unirain_core/whole/b.py (is new)"),
        (
            lambda r: rewrite(r, "data/parts/two/b/b.txt", "two", "owt"),
            "data/parts/two/b/b.txt (has other content)",
        ),
        (lambda r: (r / "data/parts/one").rename(r / "elsewhere"), "data/parts/one/a.txt (is gone)"),
    ],
)
def test_each_kind_of_edit_is_named(project, edit, named):
    witness = begin(project)
    edit(project)

    with pytest.raises(EditedError, match="while stage 'whole' ran") as error:
        witness.end()
    assert named in str(error.value)


@pytest.mark.parametrize(
    "edit",
    [
        lambda r: None,
        lambda r: rewrite(r, "params.yaml", "patch: 4", "patch: 5"),
        lambda r: rewrite(r, "params.yaml", "n: 1", "n: 5"),
        lambda r: rewrite(r, "unirain_core/parts.py", "1", "5"),
        lambda r: touch(r / "data/parts/one/a.txt"),
        lambda r: touch(r / "unirain_core/whole/a.py"),
        lambda r: (r / "unirain_core/whole/__pycache__/a.pyc").unlink(),
        lambda r: (r / "data/parts/stray/c.txt").unlink(),
    ],
)
def test_what_the_step_does_not_list_and_equal_content_are_no_edit(project, edit):
    witness = begin(project)
    edit(project)
    witness.end()


def test_an_edit_that_keeps_size_and_time_stamp_is_seen(project):
    witness = begin(project)
    file = project / "data/parts/one/a.txt"
    stamp = file.stat()
    file.write_text("eno")
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))

    with pytest.raises(EditedError, match=r"a\.txt"):
        witness.end()


def test_code_that_is_not_the_project_s_own_is_refused(project, tmp_path_factory):
    witness, other = begin(project), tmp_path_factory.mktemp("other")
    witness.demand_own_code(project)
    shutil.copytree(project / "unirain_core", other / "unirain_core")
    witness.demand_own_code(other)

    rewrite(other, "unirain_core/parts.py", "1", "9")
    witness.demand_own_code(other)  # another stage's
    rewrite(other, "unirain_core/whole/a.py", "2", "9")
    with pytest.raises(
        ConfigError,
        match=r"unirain_core/whole/a\.py of this project differs from it.* put `PYTHONPATH=\.` before",
    ):
        witness.demand_own_code(other)


def test_no_file_is_read_again_that_nothing_touched(project, monkeypatch):
    witness = begin(project)

    def refuse(*_arguments: object) -> str:
        raise AssertionError("a file was read")

    monkeypatch.setattr("unirain_core.cli.witness._md5", refuse)
    witness.end()


def test_many_changes_are_counted(project):
    witness = begin(project)
    for number in range(9):
        (project / f"unirain_core/whole/{number}.py").touch()

    with pytest.raises(EditedError, match=r"4\.py \(is new\) and 4 more\. Finished work is kept"):
        witness.end()


def test_an_edit_is_named_before_the_failure_that_it_caused(project):
    witness = begin(project)
    (project / "data/parts/one/a.txt").unlink()
    with pytest.raises(EditedError, match=r"a\.txt \(is gone\)") as error, watched(witness):
        raise ArtefactError("a.txt does not exist")

    assert isinstance(error.value.__context__, ArtefactError), "the log has both"


def test_a_failure_without_an_edit_stays_what_it_is_and_stamps_no_report(project):
    with pytest.raises(ArtefactError, match="other"), watched(begin(project)):
        raise ArtefactError("other")

    assert not (project / "reports").exists()


def locked(project, md5):
    (project / "dvc.lock").write_text(
        f"schema: '2.0'\nstages:\n  parts@one:\n    cmd: make one\n    outs:\n    - path: data/parts/one\n      md5: {md5}\n"
    )


def md5(text):
    return subprocess.run(["md5sum"], input=text, capture_output=True, text=True, check=True).stdout.split()[
        0
    ]


def test_an_input_that_differs_from_the_lock_is_refused_with_the_stage_to_run(project):
    locked(project, tree_hash({"a.txt": md5("one")}))
    begin(project)
    (project / "data/parts/one/a.txt").write_text("eno")

    with pytest.raises(
        ArtefactError, match=r"data/parts/one \(of stage 'parts@one'\).*--single-item parts@one`"
    ):
        begin(project)


@pytest.mark.parametrize("is_shared", [False, True])
def test_the_damaged_files_are_named_where_dvc_s_cache_lists_them(project, is_shared):
    cache = project / ".dvc/cache"
    if is_shared:
        cache = project.with_name(f"{project.name}-shared")
        (project / ".dvc").mkdir(exist_ok=True)
        (project / ".dvc/config").write_text(f"[cache]\n    dir = {cache}\n")
    written = {"a.txt": md5("one"), "gone.txt": md5("gone")}
    whole = tree_hash(written)
    locked(project, whole)
    listing = cache / "files/md5" / whole[:2] / whole[2:]
    listing.parent.mkdir(parents=True)
    listing.write_text(
        str([{"md5": value, "relpath": path} for path, value in written.items()]).replace("'", '"')
    )

    with pytest.raises(ArtefactError, match=r"dvc\.lock: data/parts/one/gone\.txt \(of stage"):
        begin(project)


def test_a_lock_that_is_being_written_is_looked_at_again(project, monkeypatch):
    locked(project, "0" * 32 + ".dir")
    monkeypatch.setattr("time.sleep", lambda _: locked(project, tree_hash({"a.txt": md5("one")})))
    begin(project)


@pytest.mark.parametrize(
    "content", ["", "stages:", "stages: {parts@one: 7}", "schema: '2.0'\nstages:\n  pa", "a: ["]
)
def test_a_torn_lock_refuses_nothing(project, content):
    (project / "dvc.lock").write_text(content)
    begin(project)


def test_an_absent_input_is_left_to_its_reader(project):
    locked(project, "0" * 32 + ".dir")
    (project / "data/parts/one/a.txt").unlink()
    begin(project)


def test_a_stage_is_not_refused_for_its_own_damaged_out(project):
    locked(project, "0" * 32 + ".dir")
    begin(project, "parts", "one")


def stamp(root):
    return begin(root).made_with


def test_the_stamp_is_a_function_of_code_and_params_alone(project, tmp_path):
    first = stamp(project)
    touch(project / "unirain_core/whole/a.py")
    rewrite(project, "data/parts/one/a.txt", "one", "eno")
    assert first == stamp(project)

    rewrite(project, "params.yaml", "b: 1", "b: 2")
    second = stamp(project)
    assert (first.code, False) == (second.code, first.params == second.params)

    rewrite(project, "unirain_core/whole/a.py", "2", "3")
    assert (False, second.params) == (stamp(project).code == first.code, stamp(project).params)


def git(project, *arguments):
    subprocess.run(
        ["git", "-C", project, "-c", "user.name=a", "-c", "user.email=a@b", *arguments], check=True
    )


def commit_all(project):
    git(project, "add", "-A")
    git(project, "commit", "-qm", "x")


def test_the_tree_is_dirty_where_code_pipeline_or_params_differ_from_the_commit(project):
    assert stamp(project).dirty is None
    git(project, "init", "-q")
    assert stamp(project).dirty is None
    commit_all(project)
    assert stamp(project).dirty is False

    rewrite(project, "unirain_core/parts.py", "1", "5")
    (project / "README.md").touch()
    assert stamp(project).dirty is False, "other stages' code and other files do not count"
    for path in ("unirain_core/whole/a.py", "dvc.yaml", "params.yaml"):
        text = Path(project, path).read_text()
        Path(project, path).write_text(text + "\n# edited\n")
        assert stamp(project).dirty is True, path
        Path(project, path).write_text(text)
    (project / "unirain_core/whole/new.py").touch()
    assert stamp(project).dirty is True, "a file that git does not know"


def test_bytecode_makes_no_tree_dirty(project):
    """A project may be without a .gitignore, and importing its code writes bytecode into it."""
    git(project, "init", "-q")
    commit_all(project)
    bytecode = project / "unirain_core/whole/__pycache__/new.cpython-311.pyc"
    bytecode.parent.mkdir(exist_ok=True)
    bytecode.write_bytes(b"bytecode")

    assert stamp(project).dirty is False
