import json

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, DataProvenance
from dagster._core.loader import LoadingContextForTest

from unirain_assets import assets, checks, provenance, sync, versions
from unirain_assets.executor import Dvc
from unirain_assets.questions import Answer
from unirain_assets.versions import Project
from unirain_core.config.lock import read_lock


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


def statuses(instance, root):
    """Status of every step, as the web interface shows it once definitions are loaded anew."""
    project = Project.load(root)
    definitions = dg.Definitions(assets=assets.build(project), resources={"dvc": Dvc(root=str(project.root))})
    graph = definitions.resolve_asset_graph()
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    return {step.address: resolver.get_status(dg.AssetKey(step.path)).value for step in project.graph.steps}


def not_fresh(instance, root):
    return {address for address, status in statuses(instance, root).items() if status != "FRESH"}


def changed_for_dvc(shell, root):
    """Steps that `dvc status` calls changed; `listing` is always."""
    status = json.loads(shell(root, "dvc", "status", "--json"))
    return {address for address, what in status.items() if what != ["always changed"]}


def count_events(instance, root):
    project = Project.load(root)
    keys = [dg.AssetKey(step.path) for step in project.graph.steps]
    return {
        key.to_user_string(): len(instance.fetch_materializations(key, limit=100).records) for key in keys
    }


def changed(path, old, new):
    path.write_text(path.read_text().replace(old, new))


ADDED = ("  uniform:", "  third: {lr: 3}\n  uniform:")


def test_everything_is_fresh_after_a_shell_run(finished, instance):
    recorded = sync.record(instance, finished)

    assert recorded == [step.address for step in Project.load(finished).graph.steps]
    assert set() == not_fresh(instance, finished)


def test_a_second_look_brings_no_news(finished, instance):
    sync.record(instance, finished)

    assert sync.record(instance, finished) == []


def test_a_project_without_a_lock_brings_no_news(toy, instance):
    assert sync.record(instance, toy) == []
    assert {"MISSING"} == set(statuses(instance, toy).values())


def test_a_click_is_not_recorded_twice(finished, instance):
    sync.record(instance, finished)
    result = dg.materialize(
        assets.build(Project.load(finished)),
        selection=dg.AssetSelection.assets("votes"),
        instance=instance,
        resources={"dvc": Dvc(root=str(finished))},
    )

    assert result.success
    assert sync.record(instance, finished) == []
    assert set() == not_fresh(instance, finished)


def test_a_click_with_definitions_from_before_an_edit_counts_with_the_params_that_it_ran_with(
    finished, instance
):
    sync.record(instance, finished)
    old = assets.build(Project.load(finished))
    changed(finished / "params.yaml", "lr: 1", "lr: 7")
    clicked = dg.AssetSelection.assets(
        *(dg.AssetKey(k) for k in (["train", "ours"], ["scores", "ours"], ["table"]))
    )
    dg.materialize(old, selection=clicked, instance=instance, resources={"dvc": Dvc(root=str(finished))})

    assert set() == not_fresh(instance, finished)
    assert sync.record(instance, finished) == []


def test_a_click_on_what_a_shell_has_fed_meanwhile_counts_with_the_data_that_it_read(
    finished, instance, shell
):
    sync.record(instance, finished)
    (finished / "photos/b.txt").write_text("b")
    shell(finished, "dvc", "repro", "listing")
    dg.materialize(
        assets.build(Project.load(finished)),
        selection=dg.AssetSelection.assets("votes"),
        instance=instance,
        resources={"dvc": Dvc(root=str(finished))},
    )

    assert ["listing"] == sync.record(instance, finished)
    assert "votes" not in not_fresh(instance, finished)


def test_a_forced_run_with_the_same_outs_leaves_all_fresh(finished, instance, shell):
    sync.record(instance, finished)
    shell(finished, "dvc", "repro", "--force")

    assert sync.record(instance, finished) == []
    assert set() == not_fresh(instance, finished)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("params.yaml", "lr: 1", "lr: 7"),
        ("params.yaml", "suffix: txt", "suffix: text"),
        ("params.yaml", *ADDED),
        ("params.yaml", "digits: 3", "digits: 4"),
        ("dvc.yaml", "stage.py train", "stage.py  train"),
        ("dvc.yaml", "desc: list", "desc: lists"),
        ("toy/stage.py", "0.05", "0.06"),
    ],
)
def test_an_edit_makes_stale_what_dvc_calls_changed_and_makes_no_event(
    finished, instance, shell, file, old, new
):
    sync.record(instance, finished)
    before = count_events(instance, finished)
    changed(finished / file, old, new)

    assert [] == sync.record(instance, finished)
    assert changed_for_dvc(shell, finished) == not_fresh(instance, finished)
    assert before.items() <= count_events(instance, finished).items()


def test_a_new_key_makes_only_its_own_assets_and_what_lists_the_keys_stale(finished, instance):
    sync.record(instance, finished)
    changed(finished / "params.yaml", *ADDED)

    assert {"train@third", "scores@third", "table"} == not_fresh(instance, finished)


def test_only_real_runs_make_events(finished, instance, shell):
    sync.record(instance, finished)
    before = count_events(instance, finished)
    changed(finished / "params.yaml", *ADDED)
    shell(finished, "dvc", "repro")
    sync.record(instance, finished)
    after = count_events(instance, finished)

    assert {"train/third", "scores/third", "table"} == {n for n in after if after[n] != before.get(n, 0)}
    assert set() == not_fresh(instance, finished)


def test_new_data_upstream_make_what_reads_them_stale(finished, instance, shell):
    sync.record(instance, finished)
    (finished / "photos/b.txt").write_text("b")
    shell(finished, "dvc", "repro", "listing")

    assert sync.record(instance, finished) == ["listing"]
    assert {"votes"} == not_fresh(instance, finished) == changed_for_dvc(shell, finished)


@pytest.mark.parametrize("ran", ["votes", "scores@ours"])
def test_a_first_look_sees_what_is_behind_its_upstream(finished, instance, shell, ran):
    (finished / "photos/b.txt").write_text("b")
    shell(finished, "dvc", "repro", ran)
    sync.record(instance, finished)

    assert changed_for_dvc(shell, finished) == not_fresh(instance, finished)
    assert ran not in not_fresh(instance, finished)


@pytest.mark.parametrize("ran", ["listing", "scores@ours"])
def test_data_that_come_back_make_fresh_again_what_was_made_from_them(finished, instance, shell, ran):
    sync.record(instance, finished)
    for content in ("b", None):
        (finished / "photos/b.txt").write_text(content) if content else (finished / "photos/b.txt").unlink()
        shell(finished, "dvc", "repro", ran)
        sync.record(instance, finished)

    assert set() == not_fresh(instance, finished) == changed_for_dvc(shell, finished)


def test_a_shell_run_brings_stale_steps_back(finished, instance, shell):
    sync.record(instance, finished)
    changed(finished / "params.yaml", "lr: 1", "lr: 7")
    sync.record(instance, finished)
    shell(finished, "dvc", "repro")
    sync.record(instance, finished)

    assert set() == not_fresh(instance, finished)


def test_an_event_carries_the_report(finished, instance):
    sync.record(instance, finished)
    event = instance.get_latest_materialization_event(dg.AssetKey("votes"))

    assert event.asset_materialization.metadata["counts/rows"].value == 1


def test_dagster_reads_the_tags_as_the_provenance_that_they_mean(finished):
    pipeline, lock = Project.load(finished).graph, read_lock(finished)
    tags = provenance.tags(finished, pipeline, pipeline.step("scores@ours"), lock)
    read = DataProvenance.from_tags(tags)
    upstream = dg.AssetKey(["train", "ours"])

    assert read
    assert read.has_input_asset(upstream)
    assert versions.data_version(pipeline.step("train@ours"), lock["train@ours"]) == (
        read.input_data_versions[upstream].value
    )


def test_a_first_event_says_that_dagster_knows_no_run_before_and_a_forced_second_one_that_nothing_changed(
    finished, instance
):
    title = "changed since the run before"
    sync.record(instance, finished)
    key = dg.AssetKey("votes")
    first = instance.get_latest_materialization_event(key).asset_materialization.metadata[title]
    dg.materialize(
        assets.build(Project.load(finished)),
        selection=dg.AssetSelection.assets("votes"),
        instance=instance,
        resources={"dvc": Dvc(root=str(finished))},
    )
    second = instance.get_latest_materialization_event(key).asset_materialization.metadata[title]

    assert (first.value, second.value) == ("no earlier run is known to Dagster", "nothing")


def test_the_next_run_shows_what_changed(finished, instance, shell):
    sync.record(instance, finished)
    changed(finished / "params.yaml", "lr: 1", "lr: 7")
    shell(finished, "dvc", "repro")
    sync.record(instance, finished)
    shown = {
        name: instance.get_latest_materialization_event(dg.AssetKey(name)).asset_materialization.metadata
        for name in (("train", "ours"), ("scores", "ours"))
    }
    title = "changed since the run before"

    assert "| params | variants.ours.lr | 1 | 7 |" in shown["train", "ours"][title].value
    assert "| data | data/train/ours | " in shown["scores", "ours"][title].value
    assert "| variants.ours.lr | 7 |" in shown["train", "ours"]["params"].value


def test_the_figures_of_a_check_are_recorded_of_a_shell_s_run_too(finished, instance, monkeypatch):
    counted = checks.Check(
        "rows_are_counted", "Is there a row?", lambda _root, _step: Answer(None, {"rows": 3})
    )
    monkeypatch.setitem(checks.CHECKS, "votes", (counted,))
    sync.record(instance, finished)
    key = dg.AssetCheckKey(dg.AssetKey("votes"), "rows_are_counted")
    recorded = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]

    assert recorded.event.dagster_event.event_specific_data.metadata["rows"].value == 3


def last_checks(instance, *steps):
    """Whether the newest answer of each step's check is a yes."""
    keys = [dg.AssetCheckKey(dg.AssetKey(step), "rows_agree") for step in steps]
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    return [latest[key].event.dagster_event.event_specific_data.passed for key in keys]


@pytest.mark.parametrize("ran", ["listing", "votes"])
def test_a_first_look_asks_no_check_that_would_hold_old_rows_against_new_inputs(
    finished, instance, shell, monkeypatch, ran
):
    disagrees = checks.Check("rows_agree", "?", lambda *_: Answer("others", {}), reads_inputs=True)
    for name in ("votes", "table"):
        monkeypatch.setitem(checks.CHECKS, name, (disagrees,))
    (finished / "photos/b.txt").write_text("b")
    shell(finished, "dvc", "repro", ran)
    sync.record(instance, finished)
    first = last_checks(instance, "votes", "table")
    shell(finished, "dvc", "repro")
    sync.record(instance, finished)

    assert first == [ran == "listing", True]
    assert [False, False] == last_checks(instance, "votes", "table")


def in_progress(instance, root, name):
    """A run that Dagster is at work on; it materialises one asset."""
    project = Project.load(root)
    job = dg.define_asset_job("one", selection=dg.AssetSelection.assets(name))
    definitions = dg.Definitions(
        assets=assets.build(project), jobs=[job], resources={"dvc": Dvc(root=str(project.root))}
    )
    return instance.create_run_for_job(
        definitions.resolve_job_def("one"), status=dg.DagsterRunStatus.STARTED
    ).run_id


def test_a_step_that_a_run_of_dagster_is_at_work_on_is_recorded_by_the_run_alone(finished, instance):
    """Two events of one run would be shown, and the check of the first would belong to no materialization."""
    run = in_progress(instance, finished, "votes")
    during = sync.record(instance, finished)
    instance.report_run_canceled(instance.get_run_by_id(run))

    assert "votes" not in during
    assert ["votes"] == sync.record(instance, finished)
