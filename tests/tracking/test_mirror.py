"""Against a real MLflow store in a SQLite file."""

from dataclasses import replace

import pytest

from tests.tracking.conftest import START, nobody
from unirain_core.tracking import link
from unirain_core.tracking.events import Start, group_of
from unirain_core.tracking.journal import LINES, Journal, read
from unirain_core.tracking.mirror import ATTEMPTS, Mirror, is_behind
from unirain_core.tracking.outage import OutageError
from unirain_core.tracking.registry import MODEL
from unirain_core.tracking.settle import crown


def send(project, variant, **options):
    return Mirror(project.runs / variant, project.root).send(**options)


def test_a_journal_becomes_a_run_and_its_checkpoint_a_model(project):
    project.train("gated", 25.0)
    sent = send(project, "gated")
    crown(project.runs, project.root)
    run = project.run_of("gated")
    parent = project.parent_of("gated")
    champion = project.client.get_model_version_by_alias(MODEL, f"champion-{group_of(START)}")

    assert sent == 5
    assert run.info.status == "FINISHED"
    assert (parent.info.run_name, parent.info.status) == (f"table sample {group_of(START)}", "FINISHED")
    assert run.data.params == START.params
    assert START.tags.items() <= run.data.tags.items()
    assert run.data.metrics["best/val/psnr/mean"] == 25.0
    assert [(5, 0.2), (10, 0.1)] == project.points("gated")
    datasets = {i.dataset.name: i.dataset.digest for i in run.inputs.dataset_inputs}
    assert datasets == {"rainrag": "d41d8cd9", "val": "0cc175b9"}
    assert len(project.pictures("gated")) == 2
    assert run.info.run_id == champion.run_id
    assert champion.source == "dvc://data/checkpoints/gated?sha256=sha of gated"


@pytest.mark.parametrize("link_file", ["deleted", "emptied", "cut", "a list", "other types", "a folder"])
def test_a_replay_changes_nothing_even_when_the_link_is_lost(project, link_file):
    project.train("again", 10.0)
    send(project, "again")
    before, pictures = project.run_of("again"), project.pictures("again")
    file = project.runs / "again" / link.FILE

    assert send(project, "again") == 0
    content = file.read_text()
    file.unlink()
    match link_file:
        case "emptied":
            file.write_text("")
        case "cut":
            file.write_text(content[:40])
        case "a list":
            file.write_text("[1, 2]")
        case "other types":
            file.write_text('{"tracking_uri": 1, "experiment_id": [], "run_id": null, "sent": "x"}')
        case "a folder":
            file.mkdir()
    assert send(project, "again") == 5
    after = project.run_of("again")
    versions = project.client.search_model_versions(f"name = '{MODEL}'")
    assert before.info.run_id == after.info.run_id
    assert [(5, 0.2), (10, 0.1)] == project.points("again")
    assert pictures == project.pictures("again")
    assert len([v for v in versions if v.run_id == after.info.run_id]) == 1


def test_a_link_to_the_run_of_another_training_is_not_believed(project):
    for variant in ("one", "other"):
        project.train(variant, 10.0)
        send(project, variant)
    wrong = link.load(project.runs / "one")
    assert wrong is not None
    link.save(project.runs / "other", replace(wrong, sent=0))
    send(project, "other")

    mended = link.load(project.runs / "other")
    assert mended is not None
    assert mended.run_id == project.run_of("other").info.run_id


def test_a_run_goes_on_where_its_journal_does(project):
    journal = project.begin("going")
    mirror = Mirror(project.runs / "going", project.root)
    mirror.flush()
    journal.failed("the loss is not finite")
    mirror.flush()

    assert project.run_of("going").info.status == "FAILED"
    journal.metrics(20, {"loss/drs": 0.4})
    mirror.flush()
    assert project.run_of("going").info.status == "RUNNING"
    assert [step for step, _ in project.points("going")] == [5, 10, 20]


def test_a_journal_that_lost_a_line_is_sent_anew_and_hides_nothing_that_follows(project):
    journal = project.begin("damaged")
    send(project, "damaged")
    lines = project.runs / "damaged" / LINES
    first, *rest = lines.read_bytes().splitlines(keepends=True)
    lines.write_bytes(first + rest[0].replace(b"0.2", b"0.7") + b"".join(rest[1:]))
    journal.metrics(15, {"loss/drs": 0.3})

    assert is_behind(project.runs / "damaged", project.root, is_dead=False)
    send(project, "damaged")
    assert [(5, 0.2), (10, 0.1), (15, 0.3)] == project.points("damaged")


def test_figures_of_earlier_steps_that_are_told_late_are_sent(project):
    journal = project.begin("late")
    send(project, "late")
    journal.metrics(7, {"loss/drs": 0.7})

    assert send(project, "late") == 1
    assert [7, 5, 10] == [7, *sorted(step for step, _ in project.points("late") if step != 7)]


@pytest.mark.parametrize("damage", ["gone", "empty", "text"])
def test_a_damaged_picture_costs_only_the_picture(project, damage):
    project.train("picture", 10.0)
    (file,) = (project.runs / "picture/pictures").iterdir()
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(b"" if damage == "empty" else b"<html>")

    assert send(project, "picture") == 5
    assert project.run_of("picture").info.status == "FINISHED"
    assert project.pictures("picture") == []


def test_what_mlflow_took_and_does_not_show_does_not_count_as_sent(project, monkeypatch):
    project.train("dropped", 10.0)
    with monkeypatch.context() as patch:
        patch.setattr("mlflow.MlflowClient.log_batch", lambda *_, **__: None)
        with pytest.raises(OutageError, match="does not show 5 figures"):
            send(project, "dropped")

    assert is_behind(project.runs / "dropped", project.root, is_dead=True)
    assert send(project, "dropped") == 5
    assert [(5, 0.2), (10, 0.1)] == project.points("dropped")


def test_a_second_run_that_a_lost_answer_led_to_is_deleted(project, monkeypatch):
    project.train("twice", 10.0)
    with monkeypatch.context() as patch:
        patch.setattr("unirain_core.tracking.runs.Runs.send", lambda *_: None)
        for _ in range(2):
            patch.setattr("unirain_core.tracking.runs.Runs._search", lambda *_: [])
            send(project, "twice")
            (project.runs / "twice" / link.FILE).unlink()
    send(project, "twice")

    assert project.run_of("twice").info.status == "FINISHED"
    assert [(5, 0.2), (10, 0.1)] == project.points("twice")


class BrokenMirror(Mirror):
    """A mirror whose MLflow is out."""

    calls = 0

    def send(self, *, is_dead=False):
        self.calls += 1
        raise OutageError("connection refused")


def test_an_outage_never_stops_a_training_and_is_not_asked_for_ever(tmp_path, caplog):
    mirror = BrokenMirror(tmp_path, tmp_path)
    for _ in range(10):
        mirror.flush()

    assert mirror.calls == ATTEMPTS
    assert "unirain track" in caplog.text


def test_a_training_is_mirrored_now_and_then(tmp_path):
    now = [0.0]
    mirror = BrokenMirror(tmp_path, tmp_path, clock=lambda: now[0])
    calls = []
    for now[0] in (0.0, 1.0, 4.9, 5.0, 6.0):
        mirror.follow()
        calls.append(mirror.calls)

    assert calls == [1, 1, 1, 2, 2]


def test_a_journal_without_a_start_is_passed_over(project):
    Journal(project.runs / "lost").metrics(1, {"loss/drs": 1.0})

    assert send(project, "lost") == 0
    assert not is_behind(project.runs / "lost", project.root, is_dead=nobody("lost"))
    assert len(read(project.runs / "lost")) == 1


def test_a_start_is_read_as_it_was_written(project):
    project.begin("start")

    assert Start.of(read(project.runs / "start")[0].content or {}) == replace(
        START, variant="start", key="start"
    )


def test_a_journal_that_was_written_anew_at_other_times_doubles_no_point_and_no_picture(project):
    project.train("anew", 10.0)
    send(project, "anew")
    (project.runs / "anew" / LINES).unlink()
    project.train("anew", 10.0)
    send(project, "anew")

    assert [(5, 0.2), (10, 0.1)] == project.points("anew")
    assert len(project.points("anew", "best/val/psnr/mean")) == 1
    assert len(project.pictures("anew")) == 2


def test_the_page_of_a_run_is_known_once_mlflow_has_the_whole_journal(project, monkeypatch):
    monkeypatch.setenv("UNIRAIN_MLFLOW_URL", "http://person:secret@here:1")
    journal = Journal.begin(project.runs / "gated", START)
    mirror = Mirror(project.runs / "gated", project.root)
    pages = [mirror.page()]
    mirror.flush()
    pages.append(mirror.page())
    journal.metrics(5, {"loss": 0.1})
    pages.append(mirror.page())
    run = link.load(project.runs / "gated")
    assert run is not None

    address = (
        f"http://here:1/#/experiments/{run.experiment_id}/runs/{run.run_id}?workflowType=machine_learning"
    )
    assert pages == [None, address, None]
