import hashlib
import json
import shutil
from dataclasses import replace

import pytest

from unirain_assets import versions
from unirain_assets.versions import Project
from unirain_core.config.lock import content_hash, read_lock, tree_hash


def test_content_hash_is_the_one_of_dvc(finished):
    locked = read_lock(finished)["votes"]

    assert content_hash(finished / "toy") == locked.deps["toy"]
    assert content_hash(finished / "data/votes") == locked.outs["data/votes"]
    assert content_hash(finished / "reports/votes.json") == locked.outs["reports/votes.json"]


def test_bytecode_changes_no_code_hash(finished):
    before = content_hash(finished / "toy")
    (finished / "toy/__pycache__").mkdir()
    (finished / "toy/__pycache__/stage.pyc").write_bytes(b"x")

    assert content_hash(finished / "toy") == before


def test_code_version_of_the_tree_equals_the_locked_one_after_a_run(finished):
    project = Project.load(finished)
    lock = read_lock(finished)
    locked = {
        step.address: versions.locked_code_version(step, lock[step.address]) for step in project.graph.steps
    }

    assert locked == project.code_versions()


def test_code_version_changes_with_params_code_and_command(finished):
    def version():
        return Project.load(finished).code_versions()["train@ours"]

    seen = {version()}
    for file, old, new in (
        ("params.yaml", "lr: 1", "lr: 9"),
        ("toy/stage.py", "0.05", "0.06"),
        ("dvc.yaml", "stage.py train", "stage.py  train"),
    ):
        path = finished / file
        path.write_text(path.read_text().replace(old, new))
        seen.add(version())

    assert len(seen) == 4


def test_code_version_of_one_key_ignores_the_params_of_another(finished):
    before = Project.load(finished).code_versions()
    path = finished / "params.yaml"
    path.write_text(path.read_text().replace("lr: 2", "lr: 9"))
    after = Project.load(finished).code_versions()

    assert [a for a in after if after[a] != before[a]] == ["train@uniform", "table"]


def test_data_version_does_not_see_the_report(finished):
    step = Project.load(finished).graph.step("listing")
    locked = read_lock(finished)["listing"]
    reworded = replace(locked, outs={**locked.outs, "reports/listing.json": "other"})

    assert versions.data_version(step, reworded) == versions.data_version(step, locked)


def inputs(finished, address, lock):
    pipeline = Project.load(finished).graph
    return versions.input_versions(finished, pipeline, pipeline.step(address), lock)


def test_inputs_are_the_newest_data_after_a_whole_run(finished):
    pipeline, lock = Project.load(finished).graph, read_lock(finished)
    newest = {s.address: versions.data_version(s, lock[s.address]) for s in pipeline.steps}

    for step in pipeline.steps:
        assert {name: newest[name] for name in step.upstream} == inputs(finished, step.address, lock)


def test_inputs_are_those_of_the_run_once_the_producer_has_made_others(finished):
    lock = read_lock(finished)
    before = inputs(finished, "votes", lock)
    listing = lock["listing"]
    lock["listing"] = replace(listing, outs={**listing.outs, "data/raw": lock["votes"].outs["data/votes"]})

    assert before == inputs(finished, "votes", lock)


@pytest.mark.parametrize("is_shared", [False, True])
def test_of_a_folder_of_several_producers_the_older_data_are_unknown(finished, shell, is_shared):
    if is_shared:
        shutil.move(finished / ".dvc/cache", finished.parent / "shared")
        shell(finished, "dvc", "config", "cache.dir", str(finished.parent / "shared"))
    lock = read_lock(finished)
    scores = lock["scores@ours"]
    lock["scores@ours"] = replace(
        scores, outs={**scores.outs, "data/scores/ours": lock["votes"].outs["data/votes"]}
    )

    assert {"scores@ours": None, "scores@uniform": None} == inputs(finished, "table", lock)


def test_a_file_beside_the_outs_of_a_folder_counts(finished):
    (finished / "data/scores/note.txt").write_text("by hand")

    assert {None} == set(inputs(finished, "table", read_lock(finished)).values())


def test_the_entry_of_a_key_that_is_gone_does_not_count(finished):
    lock = read_lock(finished)
    before = inputs(finished, "table", lock)
    lock["scores@gone"] = replace(
        lock["scores@ours"], outs={"data/scores/gone": lock["votes"].outs["data/votes"]}
    )

    assert before == inputs(finished, "table", lock)


def test_a_project_without_a_lock_has_no_entries(toy):
    assert read_lock(toy) == {}


def test_tree_hash_is_md5_of_the_sorted_listing():
    listing = json.dumps([{"md5": "1", "relpath": "a"}, {"md5": "2", "relpath": "b"}], sort_keys=True)

    assert tree_hash({"b": "2", "a": "1"}) == hashlib.md5(listing.encode()).hexdigest() + ".dir"
