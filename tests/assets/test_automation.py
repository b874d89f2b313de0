import dagster as dg
import pytest

from unirain_assets import automation
from unirain_assets.versions import Project


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


def tick(project, instance, cursor=None):
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    said = automation.shell_runs(project)(context)
    assert isinstance(said, dg.SkipReason)
    return said.skip_message, context.cursor


def test_a_tick_records_what_the_shell_ran(finished, instance):
    said, _ = tick(Project.load(finished), instance)

    assert said.startswith("recorded: listing, votes, train@ours")


def test_a_tick_looks_at_nothing_while_the_lock_is_the_same(finished, instance):
    project = Project.load(finished)
    _, cursor = tick(project, instance)

    assert tick(project, instance, cursor)[0] == "dvc.lock has not changed"


def test_a_tick_looks_again_when_the_project_has_changed(finished, instance):
    _, cursor = tick(Project.load(finished), instance)
    path = finished / "params.yaml"
    path.write_text(path.read_text().replace("lr: 1", "lr: 3"))

    assert tick(Project.load(finished), instance, cursor)[0].startswith("recorded: ")


def test_a_half_written_lock_waits_for_the_next_tick(finished, instance):
    (finished / "dvc.lock").write_text("stages: {listing: [")
    said, cursor = tick(Project.load(finished), instance)

    assert "not readable as YAML" in said
    assert cursor is None
