import dagster as dg
import pytest

from unirain_assets import assets, automation
from unirain_assets.executor import Dvc, StageError
from unirain_assets.versions import Project
from unirain_core.config.load import read_yaml
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


def key(name):
    return dg.AssetKey(name.split("/"))


def definitions_of(project):
    dvc = Dvc(root=str(project.root))
    return dg.Definitions(
        assets=assets.build(project),
        jobs=automation.jobs(project),
        resources={"dvc": dvc},
        executor=dg.in_process_executor,
    )


def graph_of(project):
    return definitions_of(project).resolve_asset_graph()


def materialised(project, dvc, names, **more):
    chosen = dg.AssetSelection.assets(*(key(name) for name in names))
    return dg.materialize(
        assets.build(project), selection=chosen, resources={"dvc": dvc}, raise_on_error=False, **more
    )


def test_an_asset_stands_for_every_step(toy):
    found = graph_of(Project.load(toy))
    seen = {
        key.to_user_string(): (
            sorted(parent.to_user_string() for parent in found.get(key).parent_keys),
            found.get(key).group_name,
            sorted(found.get(key).kinds),
        )
        for key in found.get_all_asset_keys()
    }

    assert seen == {
        "listing": ([], "corpus", ["python"]),
        "votes": (["listing"], "default", []),
        "train/ours": (["votes"], "training", ["pytorch"]),
        "train/uniform": (["votes"], "training", ["pytorch"]),
        "scores/ours": (["train/ours"], "default", []),
        "scores/uniform": (["train/uniform"], "default", []),
        "table": (["scores/ours", "scores/uniform"], "default", []),
    }


def test_no_asset_has_partitions(toy):
    found = graph_of(Project.load(toy))

    assert not any(found.get(key).is_partitioned for key in found.get_all_asset_keys())


@pytest.mark.parametrize("names", [("a-b", "a_b"), ("no-tbs", "B2")])
def test_names_that_params_allow_make_assets_of_their_own(toy, names):
    text = (toy / "params.yaml").read_text()
    (toy / "params.yaml").write_text(
        text.replace("ours:", f"{names[0]}:").replace("uniform:", f"{names[1]}:")
    )
    definitions = definitions_of(Project.load(toy))
    keys = {k.to_user_string() for k in definitions.resolve_asset_graph().get_all_asset_keys()}

    assert {f"train/{name}" for name in names} <= keys
    assert definitions.resolve_implicit_global_asset_job_def()


def test_an_asset_shows_its_params_with_their_values(toy):
    shown = graph_of(Project.load(toy)).get(key("train/ours")).metadata

    assert "| key | value |\n| --- | --- |\n| variants.ours.lr | 1 |" == shown["params"].value
    assert "train@ours" == shown["dvc"]


def test_an_asset_shows_what_has_changed_since_its_last_run(finished):
    path = finished / "params.yaml"
    path.write_text(path.read_text().replace("lr: 1", "lr: 7"))
    (finished / "toy/more.py").write_text("x = 1\n")
    found = graph_of(Project.load(finished))
    title = "changed since the last run"
    ours, uniform = (
        str(found.get(key(f"train/{name}")).metadata[title].value) for name in ("ours", "uniform")
    )

    assert "| params | variants.ours.lr | 1 | 7 |" in ours
    assert "| code | toy |" in ours
    assert "params" not in uniform


def test_an_asset_that_is_up_to_date_shows_that_nothing_changed(finished):
    found = graph_of(Project.load(finished))

    assert {"nothing: params and code are those that dvc.lock names"} == {
        str(found.get(k).metadata["changed since the last run"].value) for k in found.get_all_asset_keys()
    }


def test_every_asset_waits_in_one_pool(toy):
    pools = {asset.op.pool for asset in assets.build(Project.load(toy))}

    assert pools == {assets.POOL}


def test_a_body_is_one_repro_of_its_step(finished):
    project = Project.load(finished)
    materialised(project, Recorded(root=str(finished)), ["votes"])
    materialised(project, Recorded(root=str(finished)), ["train/uniform"])

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
        assets.run(dg.build_asset_context(), Broken(root="busy"), "votes", force=False)

    assert isinstance(raised.value.__cause__, BusyError)


@pytest.mark.parametrize("content", ["", "stages: {listing: [", "<<<<<<< HEAD\n", "\x00"])
def test_a_damaged_lock_keeps_no_asset_from_the_page(finished, content):
    (finished / "dvc.lock").write_text(content)

    assert 7 == len(graph_of(Project.load(finished)).get_all_asset_keys())


def test_a_run_shows_what_has_changed_since_the_run_before(finished):
    with dg.DagsterInstance.ephemeral() as instance:
        for value in (1, 7):
            path = finished / "params.yaml"
            path.write_text(path.read_text().replace("lr: 1", f"lr: {value}"))
            project = Project.load(finished)
            result = materialised(project, Dvc(root=str(finished)), ["train/ours"], instance=instance)
    shown = result.asset_materializations_for_node("train__ours")[0].metadata

    assert "| variants.ours.lr | 7 |" in shown["params"].value
    assert (
        "| what | name | before | now |\n| --- | --- | --- | --- |\n| params | variants.ours.lr | 1 | 7 |"
        == shown["changed since the run before"].value
    )


def test_code_version_is_the_one_of_the_project(toy):
    project = Project.load(toy)
    found = graph_of(project)

    assert project.code_versions() == {
        step.address: found.get(dg.AssetKey(step.path)).code_version for step in project.graph.steps
    }


def test_a_new_key_changes_no_code_version_but_of_what_lists_the_keys(toy):
    before = Project.load(toy).code_versions()
    path = toy / "params.yaml"
    path.write_text(path.read_text().replace("  uniform:", "  third: {lr: 3}\n  uniform:"))
    after = Project.load(toy).code_versions()

    assert {"train@third", "scores@third"} == set(after) - set(before)
    assert ["table"] == [address for address in before if after[address] != before[address]]


def test_everything_from_the_interface_gives_what_the_shell_gives(toy, finished_template):
    definitions = definitions_of(Project.load(toy))
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_job_def("everything").execute_in_process(instance=instance)

    assert result.success
    assert read_yaml(toy / "dvc.lock") == read_yaml(finished_template / "dvc.lock")
    assert len(result.get_asset_materialization_events()) == 7
