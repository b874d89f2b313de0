"""Remedies that need a project in which everything has run: from a damage, through the message, to equal bytes."""

import re
import shutil
import sys
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from benchmarks.tiny_project import run, state
from tests.end_to_end.conftest import copy_of
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import ManifestRow, Reference, TripletRow, Verdict
from unirain_core.config.load import load_params

DVC = (sys.executable, "-m", "dvc")
UNIRAIN = (sys.executable, "-m", "unirain_core.cli.main")


def commands(said):
    """The commands that a message names, in its order."""
    return re.findall(r"`((?:dvc|unirain|git|make) [^`]*)`", said)


@pytest.fixture(scope="module")
def whole(reproduced, tmp_path_factory):
    """A small project in which everything has run."""
    return copy_of(reproduced, tmp_path_factory.mktemp("whole"))


def flip(path):
    """Change one byte in the middle."""

    def spoil(root):
        file = root / path
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.unlink()  # DVC may have linked it to its cache
        file.write_bytes(content)

    return spoil


def cut(path):
    def spoil(root):
        content = (root / path).read_bytes()
        (root / path).unlink()
        (root / path).write_bytes(content[:-9])

    return spoil


def rows(path, row_class, change):
    """Write a table with other rows."""

    def spoil(root):
        changed = change(tables.read(root / path, row_class))
        (root / path).unlink()
        tables.write(root / path, changed, row_class)

    return spoil


def without_first(table):
    first = table[0].pair_id
    return [row for row in table if row.pair_id != first]


def picture_of(root):
    listed = pq.read_table(root / "data/split/test.parquet").to_pylist()[0]
    return f"data/sample_corpus/{listed['root']}/{listed['input']}"


def a_changed_picture(root):
    flip(picture_of(root))(root)


SPOILT = {
    "an artefact is gone": (
        lambda root: shutil.rmtree(root / "data/tables"),
        ("summary",),
        "dvc repro benchmark_tables",
    ),
    "a report is damaged": (
        cut("reports/vlm_votes.json"),
        ("summary",),
        "dvc repro --force vlm_votes",
    ),
    "a table is damaged": (
        cut("data/votes/verdicts.parquet"),
        ("run", "rainrag_split"),
        "dvc repro --force vlm_votes",
    ),
    "references are missing": (
        rows("data/references/references.parquet", Reference, without_first),
        ("run", "vlm_votes"),
        "dvc repro --force retrieved_references",
    ),
    "the manifest is in disorder": (
        rows("data/raw/manifest.parquet", ManifestRow, lambda table: table[::-1]),
        ("run", "verified_pairs"),
        "dvc repro --force raw_datasets",
    ),
    "verdicts are missing": (
        rows("data/votes/verdicts.parquet", Verdict, without_first),
        ("run", "rainrag_split"),
        "dvc repro vlm_votes",
    ),
    "another encoder made the database": (
        rows(
            "data/database/triplets.parquet", TripletRow, lambda t: [replace(row, encoder="x") for row in t]
        ),
        ("run", "retrieved_references"),
        "dvc repro --force real_rain_database query_triplets",
    ),
    "the triplets' pictures are damaged": (
        cut("data/triplets/pictures.npy"),
        ("run", "retrieved_references"),
        "dvc repro --force query_triplets",
    ),
    "a picture has changed": (
        a_changed_picture,
        ("run", "baseline_scores", "--partition", "input"),
        "dvc repro",
    ),
    "a picture has changed since it was listed": (
        a_changed_picture,
        ("run", "verified_pairs"),
        "dvc repro",
    ),
    "a checkpoint is damaged": (
        flip("data/checkpoints/reweighted/model.safetensors"),
        ("run", "benchmark_scores", "--partition", "reweighted"),
        "dvc repro --force --single-item trained_checkpoint@reweighted",
    ),
    "the sample corpus is gone": (
        lambda root: shutil.rmtree(root / "data/sample_corpus/demo"),
        ("judge-figures",),
        "dvc repro sample_corpus",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("spoil", "command", "remedy"), SPOILT.values(), ids=list(SPOILT))
def test_the_command_of_dvc_that_a_message_names_brings_equal_bytes_back(whole, spoil, command, remedy):
    """While the stage is called dvc.lock is away: with it, the stage refuses the damaged input at once.

    Its finished work is away too: with that, it need not read the input.
    """
    reference, aside = state(whole), whole / "dvc.lock.aside"
    spoil(whole)
    shutil.rmtree(whole / ".unirain/shards" / command[-1 if len(command) == 1 else 1], ignore_errors=True)
    (whole / "dvc.lock").rename(aside)
    wrong = run(whole, *UNIRAIN, *command, check=False)
    aside.rename(whole / "dvc.lock")
    said = " ".join(wrong.stderr.split())
    assert wrong.returncode != 0
    assert remedy in commands(said), said

    run(whole, *DVC, *remedy.split()[1:])
    run(whole, *UNIRAIN, *command)
    assert reference == state(whole), "which holds dvc.lock too: DVC has nothing to do"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "words", "stage"),
    [
        ("data/votes/verdicts.parquet", ("run", "rainrag_split"), "vlm_votes"),
        ("data/tables/table1.md", ("summary",), "benchmark_tables"),
    ],
)
def test_what_dvc_lock_does_not_know_comes_back_by_the_command_that_is_named(whole, path, words, stage):
    reference, command = state(whole), (*UNIRAIN, *words)
    flip(path)(whole)
    said = " ".join(run(whole, *command, check=False).stderr.split())
    assert [f"dvc repro --force --single-item {stage}"] == commands(said)

    run(whole, *DVC, *commands(said)[0].split()[1:])
    run(whole, *command)
    assert reference == state(whole)


@pytest.mark.slow
def test_the_marks_of_a_merge_in_dvc_lock_go_by_the_commands_that_are_named(whole):
    reference, lock = state(whole), (whole / "dvc.lock").read_text()
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@localhost")
    run(whole, *git, "add", "--all")
    run(whole, *git, "commit", "-qm", "ours")
    for branch, digit in (("theirs", "1"), ("-", "2")):
        run(whole, *git, "checkout", "-q", *(["-b", branch] if branch == "theirs" else [branch]))
        (whole / "dvc.lock").write_text(re.sub(r"size: \d", f"size: {digit}", lock))
        run(whole, *git, "commit", "-qam", branch)
    run(whole, *git, "merge", "-q", "theirs", check=False)
    assert "<<<<<<<" in (whole / "dvc.lock").read_text()
    said = " ".join(run(whole, *UNIRAIN, "prepare").stderr.split())
    assert ["git checkout --ours dvc.lock", "dvc repro"] == commands(said)

    run(whole, *commands(said)[0].split())
    run(whole, *DVC, "repro")
    (whole / "dvc.lock").write_text(lock)
    run(whole, *DVC, "repro")
    assert reference == state(whole)


@pytest.mark.slow
def test_gc_removes_more_once_what_was_interrupted_has_come_to_its_end(whole):
    (whole / ".unirain/used/vlm_votes.json").unlink()
    said = run(whole, *UNIRAIN, "gc").stdout
    assert ["dvc repro", "unirain gc"] == commands(said)
    shutil.rmtree(whole / "data/votes")

    run(whole, *DVC, "repro")
    assert "kept whole" not in run(whole, *UNIRAIN, "gc").stdout


@pytest.mark.slow
def test_a_stage_of_partitions_runs_for_one_that_the_message_names(whole):
    wrong = run(whole, *UNIRAIN, "run", "baseline_scores", check=False)
    said = " ".join(wrong.stderr.split())
    names = re.findall(r"params\.yaml names ([\w, -]+):", said)[0].split(", ")
    assert (wrong.returncode, names) == (2, sorted(load_params(whole / "params.yaml").methods))

    (command,) = commands(said)
    run(whole, *UNIRAIN, *command.replace("NAME", names[0]).split()[1:])


@pytest.mark.slow
def test_judge_figures_go_on_once_a_corpus_is_named_and_rendered(whole):
    reference, params = state(whole), (whole / "params.yaml").read_text()
    entry = re.findall(r"^sample_corpora:\n(?:  .*\n)+", params, flags=re.MULTILINE)[0]
    (whole / "params.yaml").write_text(params.replace(entry, "sample_corpora: {}\n"))
    shutil.rmtree(whole / "data/sample_corpus/demo")
    said = " ".join(run(whole, *UNIRAIN, "judge-figures", check=False).stderr.split())
    assert "name one under sample_corpora in params.yaml and run `dvc repro sample_corpus`" in said

    (whole / "params.yaml").write_text(params)
    run(whole, *DVC, "repro", "sample_corpus")
    run(whole, *UNIRAIN, "judge-figures")
    assert reference == state(whole)


def outage(whole):
    """What `unirain track` says while the server does not answer."""
    dead = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    return run(whole, *UNIRAIN, "track", env=dead, check=False)


@pytest.mark.slow
def test_what_an_outage_kept_back_is_sent_once_the_address_is_unset(whole):
    wrong = outage(whole)
    said = " ".join(wrong.stderr.split())
    assert wrong.returncode == 3
    assert "unset MLFLOW_TRACKING_URI to use the project's own file, and run `unirain track` again" in said

    run(whole, *UNIRAIN, "track")


@pytest.mark.slow
def test_a_damaged_store_of_mlflow_is_filled_again_by_track(whole):
    for file in (whole / ".mlflow").glob("mlflow.db*"):
        file.write_bytes(b"no database" * 1000)
    said = " ".join(run(whole, *UNIRAIN, "prepare").stderr.split())
    assert "run `unirain track`" in said

    assert re.search(r"[1-9]\d*", run(whole, *UNIRAIN, "track").stdout)
    assert "run `unirain track`" not in run(whole, *UNIRAIN, "prepare").stderr


@pytest.mark.slow
def test_the_champion_comes_back_by_each_way_that_the_message_names(whole, tmp_path):
    photo = whole / picture_of(whole)
    derain = (*UNIRAIN, "derain", str(photo), str(tmp_path / "out.png"), "--checkpoint", "UniRain@champion")
    shutil.rmtree(whole / ".mlflow")
    said = " ".join(run(whole, *derain, check=False).stderr.split())
    assert "send finished ones with `unirain track`" in said
    run(whole, *UNIRAIN, "track")
    run(whole, *derain)

    for remedy in ("dvc checkout", "dvc repro"):
        shutil.rmtree(whole / "data/checkpoints")
        shutil.rmtree(whole / ".unirain/shards/trained_checkpoint")
        said = " ".join(run(whole, *derain, check=False).stderr.split())
        (command,) = [named for named in commands(said) if named.startswith(remedy)]
        run(whole, *DVC, *command.split()[1:])
        run(whole, *derain)
        run(whole, *DVC, "repro")


@pytest.mark.slow
def test_methods_that_were_scored_on_other_pictures_are_compared_once_the_command_has_run(
    reproduced, tmp_path
):
    project = copy_of(reproduced, tmp_path)
    params = project / "params.yaml"
    before = params.read_text()
    assert "  seed: 30" in before
    params.write_text(before.replace("  seed: 30", "  seed: 31", 1))
    for step in ("rainrag_split", "benchmark_scores@reweighted"):
        run(project, *DVC, "repro", "--single-item", step)
    refused = run(project, *DVC, "repro", "--force", "--single-item", "benchmark_tables", check=False)
    said = " ".join((refused.stdout + refused.stderr).split())
    assert refused.returncode != 0
    assert "the methods were not scored on the same pictures" in said

    (command,) = [named for named in commands(said) if "baseline_scores" in named]
    run(project, *DVC, *command.split()[1:])
    run(project, *DVC, "repro", "--single-item", "benchmark_tables")
