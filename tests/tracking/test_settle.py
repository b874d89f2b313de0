"""All journals of a project: killed trainings, outages, champions."""

import subprocess
import sys
from dataclasses import replace

import pytest

from tests.tracking.conftest import START, Project, nobody
from unirain_core.errors import MissingInputError
from unirain_core.tracking.events import Dataset, group_of
from unirain_core.tracking.journal import read
from unirain_core.tracking.mirror import Mirror
from unirain_core.tracking.outage import OutageError
from unirain_core.tracking.registry import MODEL
from unirain_core.tracking.runs import Runs
from unirain_core.tracking.settle import crown, replay_all, settle

OTHER_DATA = replace(
    START, datasets=[START.datasets[0], Dataset(name="val", path="v", md5="ffff", context="validation")]
)
OTHER_PROFILE = replace(START, tags={**START.tags, "unirain.profile": "paper"})
OTHER_TYPES = replace(START, params=dict(START.params) | {"rain_types": "drs"})


def track(project):
    return replay_all(project.runs, project.root, nobody)


def test_a_killed_training_ends_as_killed_at_its_last_sign_of_life(project):
    project.begin("killed")
    Mirror(project.runs / "killed", project.root).flush()

    assert project.run_of("killed").info.status == "RUNNING"
    settle(project.runs, project.root, nobody)
    run = project.run_of("killed")
    assert (run.info.status, run.info.end_time) == ("KILLED", read(project.runs / "killed")[-1].time)


def test_a_killed_training_that_was_never_sent_is_sent_and_ends_as_killed(project):
    project.begin("killed")
    settle(project.runs, project.root, nobody)

    assert project.run_of("killed").info.status == "KILLED"
    assert len(project.points("killed")) == 2


def test_a_training_that_runs_is_left_alone(project):
    project.begin("alive")
    Mirror(project.runs / "alive", project.root).flush()
    for tell in (settle, replay_all):
        tell(project.runs, project.root, lambda variant: variant == "alive")

    assert project.run_of("alive").info.status == "RUNNING"


def test_a_training_that_was_put_aside_does_not_run_though_its_variant_does(project):
    project.begin("variant", key="first")
    Mirror(project.runs / "variant", project.root).flush()
    project.begin("variant", key="second")
    settle(project.runs, project.root, lambda variant: variant == "variant")

    assert project.run_of("variant").info.status == "KILLED"


def test_a_resumed_training_runs_again_and_finishes(project):
    project.begin("resumed")
    settle(project.runs, project.root, nobody)
    journal = project.begin("resumed")
    journal.metrics(15, {"loss/drs": 0.3})
    Mirror(project.runs / "resumed", project.root).flush()

    assert project.run_of("resumed").info.status == "RUNNING"
    project.train("resumed", 20.0)
    settle(project.runs, project.root, nobody)
    assert project.run_of("resumed").info.status == "FINISHED"


def test_mlflow_is_not_asked_when_it_lacks_nothing(project, monkeypatch):
    project.begin("killed")
    project.train("finished", 20.0)
    settle(project.runs, project.root, nobody)
    monkeypatch.setattr("unirain_core.tracking.settle.open_runs", lambda _: pytest.fail("asked"))

    settle(project.runs, project.root, nobody)


PROGRAM = """
import sys
from pathlib import Path
from unirain_core.tracking.settle import settle
root = Path(sys.argv[1])
settle(root / ".unirain/runs", root, lambda variant: False)
"""


def start_anew(project):
    """A start in another process, since MLflow keeps a file open that it has opened once."""
    subprocess.run([sys.executable, "-c", PROGRAM, str(project.root)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "deleted", "a folder"])
def test_a_damaged_store_is_kept_and_the_next_start_fills_a_new_one(project, damage):
    for variant in ("first", "second"):
        project.train(variant, 20.0)
    settle(project.runs, project.root, nobody)
    file = project.root / ".mlflow/mlflow.db"
    content = bytearray(file.read_bytes())
    file.unlink()
    if damage == "a folder":
        file.mkdir()
    elif damage != "deleted":
        content[: 100 if damage == "flipped" else 0] = bytes(range(100)) if damage == "flipped" else b""
        file.write_bytes(content[: {"cut": 5000, "emptied": 0}.get(damage)])
    start_anew(project)
    renewed = Project(project.root.rename(project.root.with_name("renewed")))
    start_anew(renewed)

    for variant in ("first", "second"):
        assert renewed.run_of(variant).info.status == "FINISHED"
        assert len(renewed.points(variant)) == 2
    kept = list((renewed.root / ".mlflow").glob("mlflow.db.damaged-*"))
    assert len(kept) == (damage in ("cut", "flipped", "a folder"))


@pytest.fixture
def refused(project, monkeypatch):
    """Two trainings, of which MLflow refuses the first."""
    project.begin("a-refused")
    project.train("good", 25.0)
    send = Runs.send

    def refusing(runs, run_id, start, events, sent, folder):
        if start.variant == "a-refused":
            raise OutageError("changing params is not allowed")
        send(runs, run_id, start, events, sent, folder)

    monkeypatch.setattr(Runs, "send", refusing)
    return project


def test_a_journal_that_mlflow_refuses_is_named_by_track_and_keeps_no_other_back(refused):
    with pytest.raises(MissingInputError, match="journal a-refused: changing params is not allowed"):
        track(refused)

    assert refused.run_of("good").info.status == "FINISHED"
    assert refused.champion() == "good"


def test_a_journal_that_mlflow_refuses_is_logged_by_the_next_start_and_keeps_no_other_back(refused, caplog):
    settle(refused.runs, refused.root, nobody)

    assert "journal a-refused: changing params is not allowed" in caplog.text
    assert refused.run_of("good").info.status == "FINISHED"


def test_the_best_of_equal_validation_data_profile_and_rain_types_is_the_champion(project):
    project.train("good", 25.0)
    project.train("better", 26.0)
    for name, start in (("data", OTHER_DATA), ("profile", OTHER_PROFILE), ("types", OTHER_TYPES)):
        project.train(name, 99.0, start)
    project.train("worse", 24.0)
    track(project)

    assert len({group_of(start) for start in (START, OTHER_DATA, OTHER_PROFILE, OTHER_TYPES)}) == 4
    assert project.champion() == "better"
    for name, start in (("better", START), ("data", OTHER_DATA), ("profile", OTHER_PROFILE)):
        assert project.champion(f"champion-{group_of(start)}") == name


def test_the_champion_is_of_the_current_params_whatever_is_sent_last(project):
    project.train("now", 25.0)
    project.train("zz-before", 99.0, OTHER_DATA)
    track(project)

    assert project.champion() == "zz-before"
    project.train("now", 25.0)  # asked for again: it is in the store
    Mirror(project.runs / "now", project.root).flush()
    crown(project.runs, project.root)
    assert project.champion() == "now"
    track(project)
    assert project.champion() == "now"


def test_of_equally_good_ones_the_first_is_the_champion(project):
    for name in ("first", "second"):
        project.train(name, 25.0)
        settle(project.runs, project.root, nobody)
    crown(project.runs, project.root)

    assert project.champion() == "first"


def test_when_the_champion_is_deleted_the_next_best_follows(project):
    for name, psnr in (("best", 27.0), ("next", 26.0), ("last", 25.0)):
        project.train(name, psnr)
    track(project)
    version = project.client.get_model_version_by_alias(MODEL, "champion")
    project.client.delete_model_version(MODEL, version.version)
    track(project)

    assert project.champion() == "next"
    assert project.champion(f"champion-{group_of(START)}") == "next"


def test_rain_types_in_another_order_are_the_same_rain_types():
    turned = replace(START, params=dict(START.params) | {"rain_types": "nrd, drs"})

    assert group_of(turned) == group_of(START)


def test_a_server_that_does_not_answer_is_said_so_without_its_password(project, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@127.0.0.1:9")
    project.begin("waiting")

    with pytest.raises(
        MissingInputError, match=r"http://127\.0\.0\.1:9 did not take .* `unirain track`"
    ) as raised:
        track(project)
    assert "secret" not in str(raised.value)
