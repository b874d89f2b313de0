"""The state of a project that two runs are compared by."""

from benchmarks.tiny_project import state

FIRST = "stages:\n  one:\n    cmd: a\n    deps:\n    - path: x\n  two:\n    cmd: b\n"
SWAPPED = "stages:\n  two:\n    cmd: b\n  one:\n    cmd: a\n    deps:\n    - path: x\n"
CHANGED = FIRST.replace("cmd: b", "cmd: c")


def project(folder, lock, ignored):
    for name in ("data", "reports"):
        (folder / name).mkdir(parents=True)
    (folder / "data/.gitignore").write_text(ignored, encoding="utf-8")
    (folder / "dvc.lock").write_text(lock, encoding="utf-8")
    return state(folder)


def test_the_order_in_which_dvc_takes_stages_is_no_difference_and_a_changed_stage_is(tmp_path):
    first = project(tmp_path / "first", FIRST, "/raw\n/split\n")

    assert project(tmp_path / "swapped", SWAPPED, "/split\n/raw\n") == first
    assert project(tmp_path / "changed", CHANGED, "/raw\n/split\n") != first
    assert project(tmp_path / "less", FIRST, "/raw\n") != first
