import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest

from unirain_assets import assets, sync
from unirain_assets.executor import Dvc
from unirain_assets.versions import Project


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


def statuses(instance, project):
    """Status of every step, as the web interface shows it."""
    definitions = dg.Definitions(assets=assets.build(project), resources={"dvc": Dvc(root=str(project.root))})
    graph = definitions.resolve_asset_graph()
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    return {
        step.address: resolver.get_status(dg.AssetKey(step.stage), step.key).value
        for step in project.graph.steps()
    }


def changed(path, old, new):
    path.write_text(path.read_text().replace(old, new))


def test_everything_is_fresh_after_a_shell_run(finished, instance):
    project = Project.load(finished)
    recorded = sync.record(instance, project)

    assert recorded == [step.address for step in project.graph.steps()]
    assert set(statuses(instance, project).values()) == {"FRESH"}


def test_a_second_look_brings_no_news(finished, instance):
    project = Project.load(finished)
    sync.record(instance, project)

    assert sync.record(instance, project) == []


def test_a_project_without_a_lock_brings_no_news(toy, instance):
    project = Project.load(toy)

    assert sync.record(instance, project) == []
    assert set(statuses(instance, project).values()) == {"MISSING"}


def test_a_click_is_not_recorded_twice(finished, instance):
    project = Project.load(finished)
    sync.record(instance, project)
    result = dg.materialize(
        assets.build(project),
        selection=dg.AssetSelection.assets("votes"),
        instance=instance,
        resources={"dvc": Dvc(root=str(finished))},
    )

    assert result.success
    assert sync.record(instance, project) == []
    assert set(statuses(instance, project).values()) == {"FRESH"}


def test_a_forced_run_with_the_same_outs_leaves_all_fresh(finished, instance, shell):
    project = Project.load(finished)
    sync.record(instance, project)
    shell(finished, "dvc", "repro", "--force")

    assert sync.record(instance, project) == []
    assert set(statuses(instance, project).values()) == {"FRESH"}


def test_new_params_of_one_key_make_that_key_stale_alone(finished, instance):
    sync.record(instance, Project.load(finished))
    changed(finished / "params.yaml", "lr: 1", "lr: 7")
    project = Project.load(finished)
    sync.record(instance, project)

    found = statuses(instance, project)

    assert {a for a, status in found.items() if status == "STALE"} == {"train@ours", "table"}


def test_a_new_key_leaves_the_others_fresh(finished, instance):
    sync.record(instance, Project.load(finished))
    changed(finished / "params.yaml", "  uniform:", "  third: {lr: 3}\n  uniform:")
    project = Project.load(finished)
    sync.record(instance, project)

    found = statuses(instance, project)

    assert {a for a, s in found.items() if s == "FRESH"} == {
        "listing", "votes", "train@ours", "train@uniform", "scores@ours", "scores@uniform",
    }  # fmt: skip
    assert found["train@third"] == "MISSING"


def test_new_data_upstream_make_what_reads_them_stale(finished, instance, shell):
    project = Project.load(finished)
    sync.record(instance, project)
    (finished / "photos/b.txt").write_text("b")
    shell(finished, "dvc", "repro", "listing")

    assert sync.record(instance, project) == ["listing"]
    assert statuses(instance, project)["votes"] == "STALE"


@pytest.mark.parametrize(
    ("ran", "stale"), [("votes", {"train@ours", "train@uniform"}), ("scores@ours", {"table"})]
)
def test_a_first_look_sees_what_is_behind_its_upstream(finished, instance, shell, ran, stale):
    (finished / "photos/b.txt").write_text("b")
    shell(finished, "dvc", "repro", ran)
    project = Project.load(finished)
    sync.record(instance, project)

    found = statuses(instance, project)

    assert stale <= {a for a, status in found.items() if status == "STALE"}
    assert found[ran] == "FRESH"


def test_a_shell_run_brings_stale_steps_back(finished, instance, shell):
    sync.record(instance, Project.load(finished))
    changed(finished / "params.yaml", "lr: 1", "lr: 7")
    project = Project.load(finished)
    sync.record(instance, project)
    shell(finished, "dvc", "repro")
    sync.record(instance, project)

    assert set(statuses(instance, project).values()) == {"FRESH"}


def test_an_event_carries_the_report(finished, instance):
    sync.record(instance, Project.load(finished))
    event = instance.get_latest_materialization_event(dg.AssetKey("votes"))

    assert event.asset_materialization.metadata["counts/rows"].value == 1
