"""The steps that `behind` names are those that DVC would run, without the code."""

from unirain_core.artefacts.behind import behind
from unirain_core.config.lock import Locked, content_hash
from unirain_core.config.pipeline import Step


def step(stage, deps=(), outs=(), **params):
    return Step(stage=stage, key=None, command="", deps=deps, params=params, outs=outs)


def steps(**lister):
    """Three in a row; `lister` are the params of the first."""
    return [
        step("lister", ("photos", "unirain_core/a.py"), ("data/raw",), **lister),
        step("voter", ("data/raw",), ("data/votes/one",)),
        step("table", ("data/votes",), ("data/table",)),
    ]


def lock_of(root, chain):
    """What DVC writes after all have run."""
    return {
        one.address: Locked(
            command="",
            params=dict(one.params),
            deps={dep: content_hash(root / dep) for dep in one.deps},
            outs={out: content_hash(root / out) for out in one.outs},
        )
        for one in chain
    }


def project(root):
    for name in ("photos/a", "unirain_core/a.py", "data/raw/rows", "data/votes/one/rows", "data/table/rows"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return lock_of(root, steps(n=1))


def test_after_a_run_nothing_is_behind_and_code_counts_not(tmp_path):
    lock = project(tmp_path)
    (tmp_path / "unirain_core/a.py").write_text("edited")

    assert behind(tmp_path, steps(n=1), lock) == set()


def test_a_param_makes_its_step_and_all_that_read_from_it_old(tmp_path):
    assert behind(tmp_path, steps(n=2), project(tmp_path)) == {"lister", "voter", "table"}


def test_another_file_of_a_person_does_so_too(tmp_path):
    lock = project(tmp_path)
    (tmp_path / "photos/b").write_text("new")

    assert behind(tmp_path, steps(n=1), lock) == {"lister", "voter", "table"}


def test_a_step_that_ran_alone_leaves_its_readers_old(tmp_path):
    lock = project(tmp_path)
    (tmp_path / "data/raw/rows").write_text("more")
    lock |= lock_of(tmp_path, steps(n=1)[:1])

    assert behind(tmp_path, steps(n=1), lock) == {"voter", "table"}


def test_a_folder_around_outs_is_read_as_it_lies_there(tmp_path):
    lock = project(tmp_path)
    (tmp_path / "data/votes/two").mkdir()
    (tmp_path / "data/votes/two/rows").write_text("new")

    assert behind(tmp_path, steps(n=1), lock) == {"table"}


def test_a_step_that_never_ran_and_an_absent_input_say_nothing(tmp_path):
    lock = project(tmp_path)
    (tmp_path / "photos/a").unlink()
    (tmp_path / "photos").rmdir()
    del lock["voter"]

    assert behind(tmp_path, steps(n=1), lock) == set()
