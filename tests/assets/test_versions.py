import hashlib
import json

from unirain_assets import versions
from unirain_assets.versions import Project
from unirain_core.config.lock import Locked, read_lock, tree_hash


def test_content_hash_is_the_one_of_dvc(finished):
    locked = read_lock(finished)["votes"]

    assert versions.content_hash(finished / "toy") == locked.deps["toy"]
    assert versions.content_hash(finished / "data/votes") == locked.outs["data/votes"]
    assert versions.content_hash(finished / "reports/votes.json") == locked.outs["reports/votes.json"]


def test_bytecode_changes_no_code_hash(finished):
    before = versions.content_hash(finished / "toy")
    (finished / "toy/__pycache__").mkdir()
    (finished / "toy/__pycache__/stage.pyc").write_bytes(b"x")

    assert versions.content_hash(finished / "toy") == before


def test_code_version_of_the_tree_equals_the_locked_one_after_a_run(finished):
    project = Project.load(finished)
    lock = read_lock(finished)
    locked = {
        step.address: versions.locked_code_version(project.graph, step, lock[step.address])
        for step in project.graph.steps()
    }

    assert locked == project.codes


def test_code_version_changes_with_params_code_and_command(finished):
    before = Project.load(finished).codes["train@ours"]
    seen = {before}
    for file, old, new in (
        ("params.yaml", "lr: 1", "lr: 9"),
        ("toy/stage.py", "0.05", "0.06"),
        ("dvc.yaml", "stage.py train", "stage.py  train"),
    ):
        path = finished / file
        path.write_text(path.read_text().replace(old, new))
        seen.add(Project.load(finished).codes["train@ours"])

    assert len(seen) == 4


def test_code_version_of_one_key_ignores_the_params_of_another(finished):
    before = Project.load(finished).codes
    path = finished / "params.yaml"
    path.write_text(path.read_text().replace("lr: 2", "lr: 9"))
    after = Project.load(finished).codes

    assert [a for a in after if after[a] != before[a]] == ["train@uniform", "table"]


def test_data_version_does_not_see_the_report(finished):
    step = Project.load(finished).graph.stages[0].steps[0]
    locked = read_lock(finished)["listing"]
    reworded = Locked(
        command=locked.command,
        params=locked.params,
        deps=locked.deps,
        outs={**locked.outs, "reports/listing.json": "other"},
    )

    assert versions.data_version(step, reworded) == versions.data_version(step, locked)


def test_inputs_are_current_after_a_whole_run(finished):
    project, lock = Project.load(finished), read_lock(finished)
    current = {s.address: versions.has_current_inputs(project, s, lock) for s in project.graph.steps()}

    assert set(current.values()) == {True}


def test_inputs_are_not_current_once_a_producer_made_others(finished):
    project, lock = Project.load(finished), read_lock(finished)
    moved = {
        address: Locked(
            command=locked.command,
            params=locked.params,
            deps=locked.deps,
            outs={
                p: lock["votes"].outs["data/votes"] if p == "data/scores/ours" else m
                for p, m in locked.outs.items()
            },
        )
        for address, locked in lock.items()
    }
    current = {s.address: versions.has_current_inputs(project, s, moved) for s in project.graph.steps()}

    assert [address for address, is_current in current.items() if not is_current] == ["table"]


def test_a_file_beside_the_outs_of_a_folder_counts(finished):
    project, lock = Project.load(finished), read_lock(finished)
    (finished / "data/scores/note.txt").write_text("by hand")
    table = project.graph.stages[-1].steps[0]

    assert not versions.has_current_inputs(project, table, lock)


def test_a_project_without_a_lock_has_no_entries(toy):
    assert read_lock(toy) == {}


def test_tree_hash_is_md5_of_the_sorted_listing():
    listing = json.dumps([{"md5": "1", "relpath": "a"}, {"md5": "2", "relpath": "b"}], sort_keys=True)

    assert tree_hash({"b": "2", "a": "1"}) == hashlib.md5(listing.encode()).hexdigest() + ".dir"
