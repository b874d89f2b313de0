import dagster as dg
import pytest

from unirain_assets import automation
from unirain_assets.versions import Project


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


def tick(loaded, instance, cursor=None):
    """One tick of a sensor, or of a new one where a project is given."""
    sensor = loaded if isinstance(loaded, dg.SensorDefinition) else automation.shell_runs(loaded)
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    said = sensor(context)
    assert isinstance(said, dg.SkipReason)
    return said.skip_message, context.cursor


def test_a_tick_records_what_the_shell_ran(finished, instance):
    said, _ = tick(Project.load(finished), instance)

    assert said.startswith("recorded: listing, votes, train@ours")


def test_a_tick_looks_at_no_event_while_nothing_has_changed(finished, instance):
    project = Project.load(finished)
    _, cursor = tick(project, instance)

    assert tick(project, instance, cursor)[0] == "dvc.lock, params and code have not changed"


def test_a_tick_after_an_edit_names_the_steps_and_the_button_to_press(finished, instance):
    loaded = Project.load(finished)
    _, cursor = tick(loaded, instance)
    path = finished / "params.yaml"
    path.write_text(path.read_text().replace("lr: 1", "lr: 3"))
    said, _ = tick(loaded, instance, cursor)

    assert said == (
        "recorded: no news. definitions are out of date (table, train@ours): "
        "press 'Reload definitions' to see it"
    )


def test_a_tick_reads_params_anew_so_that_a_key_added_meanwhile_is_recorded(finished, instance, shell):
    loaded = Project.load(finished)
    _, cursor = tick(loaded, instance)
    path = finished / "params.yaml"
    path.write_text(path.read_text().replace("  uniform:", "  third: {lr: 3}\n  uniform:"))
    shell(finished, "dvc", "repro")
    said, _ = tick(loaded, instance, cursor)

    assert said.startswith("recorded: train@third, scores@third, table. ")


def edited(root):
    path = root / "params.yaml"
    path.write_text(path.read_text().replace("lr: 1", "lr: 3"))
    return Project.load(root)


def test_once_an_edited_step_has_run_its_definition_is_loaded_anew(finished, instance, shell):
    loaded = automation.shell_runs(edited(finished))
    _, cursor = tick(loaded, instance)
    shell(finished, "dvc", "repro")
    said, after = tick(loaded, instance, cursor)

    assert "definitions are out of date (table, train@ours)" in said
    assert tick(Project.load(finished), instance, after)[0] == "dvc.lock, params and code have not changed"


def test_while_a_run_is_in_progress_the_definition_of_what_has_run_waits(finished, instance, shell):
    loaded = automation.shell_runs(edited(finished))
    _, cursor = tick(loaded, instance)
    shell(finished, "dvc", "repro")
    run = instance.add_run(dg.DagsterRun(job_name="everything", status=dg.DagsterRunStatus.STARTED))
    waiting, same = tick(loaded, instance, cursor)
    instance.delete_run(run.run_id)
    said, _ = tick(loaded, instance, same)

    assert waiting.endswith("The definitions are loaded anew after the run")
    assert "definitions are out of date (table, train@ours)" in said


def test_params_that_cannot_be_read_wait_for_the_next_tick(finished, instance):
    loaded = Project.load(finished)
    (finished / "params.yaml").write_text("variants: {")
    said, cursor = tick(loaded, instance)

    assert "not readable as YAML" in said
    assert cursor is None


def test_a_half_written_lock_waits_for_the_next_tick(finished, instance):
    (finished / "dvc.lock").write_text("stages: {listing: [")
    said, cursor = tick(Project.load(finished), instance)

    assert "not readable as YAML" in said
    assert cursor is None
