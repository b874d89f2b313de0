import dagster as dg
import pytest

from unirain_assets import assets, automation
from unirain_assets.executor import Dvc, StageError
from unirain_assets.versions import Project
from unirain_core.errors import BusyError


class Recorded(Dvc):
    """Writes down what it is asked to run."""

    def repro(self, address, log, *, force=False):
        with open(f"{self.root}/asked", "a") as file:  # noqa: PTH123
            file.write(f"{address} {force}\n")
        return "ran"


class Broken(Dvc):
    """Raises what its root is named after."""

    def repro(self, address, log, *, force=False):
        raise {"busy": BusyError, "failed": StageError}[self.root]("because")


def graph_of(project):
    dvc = Dvc(root=str(project.root))
    return dg.Definitions(assets=assets.build(project), resources={"dvc": dvc}).resolve_asset_graph()


def materialised(project, dvc, selection, **more):
    chosen = dg.AssetSelection.assets(*selection)  # Dagster cannot read a selection's text beside DVC's ANTLR
    return dg.materialize(
        assets.build(project), selection=chosen, resources={"dvc": dvc}, raise_on_error=False, **more
    )


def test_an_asset_stands_for_every_stage(toy):
    found = graph_of(Project.load(toy))
    seen = {
        key.to_user_string(): (
            sorted(parent.to_user_string() for parent in found.get(key).parent_keys),
            found.get(key).partitions_def.get_partition_keys() if found.get(key).is_partitioned else [],
            found.get(key).group_name,
            sorted(found.get(key).kinds),
        )
        for key in found.get_all_asset_keys()
    }

    assert seen == {
        "listing": ([], [], "corpus", ["python"]),
        "votes": (["listing"], [], "default", []),
        "train": (["votes"], ["ours", "uniform"], "training", ["pytorch"]),
        "scores": (["train"], ["ours", "uniform"], "default", []),
        "table": (["scores"], [], "default", []),
    }


def test_every_asset_waits_in_one_pool(toy):
    pools = {asset.op.pool for asset in assets.build(Project.load(toy))}

    assert pools == {assets.POOL}


def test_a_body_is_one_repro_of_its_step(finished):
    project = Project.load(finished)
    materialised(project, Recorded(root=str(finished)), ["votes"])
    materialised(project, Recorded(root=str(finished)), ["train"], partition_key="uniform")

    assert (finished / "asked").read_text() == "votes False\ntrain@uniform False\n"


def test_force_is_a_choice_of_the_launchpad(finished):
    config = dg.RunConfig(ops={"votes": assets.RunConfig(force=True)})
    materialised(Project.load(finished), Recorded(root=str(finished)), ["votes"], run_config=config)

    assert (finished / "asked").read_text() == "votes True\n"


def test_an_asset_runs_through_dvc_and_shows_its_report(toy):
    result = materialised(Project.load(toy), Dvc(root=str(toy)), ["listing", "votes"])
    shown = result.asset_materializations_for_node("votes")[0].metadata

    assert result.success
    assert (shown["dvc"].value, shown["counts/rows"].value) == ("votes: ran", 1)


def test_a_failed_stage_is_not_tried_again(finished):
    result = materialised(Project.load(finished), Broken(root="failed"), ["votes"])
    failure = result.failure_data_for_node("votes")

    assert failure.user_failure_data.description == "because"
    assert not any(event.is_step_up_for_retry for event in result.all_events)


def test_a_busy_project_asks_dagster_to_try_again():
    with pytest.raises(dg.RetryRequested) as raised:
        assets.run(dg.build_op_context(), Broken(root="busy"), "votes", force=False)

    assert isinstance(raised.value.__cause__, BusyError)


def test_code_version_is_the_one_of_the_project(toy):
    project = Project.load(toy)
    found = graph_of(project)

    assert {s.name: project.code_version(s) for s in project.graph.stages} == {
        key.to_user_string(): found.get(key).code_version for key in found.get_all_asset_keys()
    }


def test_everything_from_the_interface_gives_what_the_shell_gives(toy, finished_template, shell):
    project = Project.load(toy)
    definitions = dg.Definitions(
        assets=assets.build(project),
        jobs=[automation.everything(project)],
        resources={"dvc": Dvc(root=str(toy))},
    )
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_job_def("everything").execute_in_process(instance=instance)
        recorded = instance.get_materialized_partitions(dg.AssetKey("train"))

    assert result.success
    assert (toy / "dvc.lock").read_text() == (finished_template / "dvc.lock").read_text()
    assert recorded == {"ours", "uniform"}
