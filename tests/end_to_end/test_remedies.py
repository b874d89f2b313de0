"""Every remedy that a message names is carried out: from the fault, through the message, to a command that goes on."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from benchmarks.crash import run, state
from tests.end_to_end.conftest import SHIPPED, Project, copy_of
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Dropped, Reference, TripletRow, Verdict
from unirain_core.cli.witness import Witness
from unirain_core.config.load import load_params, read_yaml
from unirain_core.config.pipeline import read_pipeline
from unirain_core.errors import EditedError, UniRainError

DVC = (sys.executable, "-m", "dvc")
UNIRAIN = (sys.executable, "-m", "unirain_core.cli.main")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A fault, the words of the message, and what they ask for."""

    fault: Callable[[Project], object]
    words: str
    cure: Callable[[Project], object]
    stages: tuple[str, ...] = ("raw_datasets",)


def edit(old, new, file="params.yaml"):
    """A person's edit of a text file."""

    def change(project):
        path = project.root / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change


def append(line, file="roots.local.yaml"):
    def change(project):
        with (project.root / file).open("a") as text:
            text.write(line.format(pool=project.pool) + "\n")

    return change


def each(*changes):
    def change(project):
        for one in changes:
            one(project)

    return change


def pairs_side_by_side(project):
    edit("layout: paired, root: here, folder: mine", "layout: rain800, root: here, folder: two, role: real")(
        project
    )
    for name in ("1.png", "2.png"):
        folder = project.pool / "two/rain/training"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(project.pool / "mine/input/good.png", folder / name)


def a_folder_beside(project):
    edit("folder: sky", "folder: ../beside")(project)
    shutil.copytree(project.pool / "sky", project.root / "beside")


MINE = "mine: {layout: paired, root: here, folder: mine, rain_types: [drs]}"
SKY = "sky: {layout: photos, root: here, folder: sky}"
DROPS = "drops: {layout: paired, root: here, folder: drops, rain_types: [drd]}"


def drops(project):
    """Sound pairs of another scene, for a dataset of its own."""
    project.put("1.png", 1)
    for side in ("input", "target"):
        (project.pool / "drops" / side).mkdir(parents=True, exist_ok=True)
        (project.pool / "mine" / side / "1.png").rename(project.pool / "drops" / side / "1.png")


def all_drops_dropped(project):
    """A dataset of the type whose one pair has no rain."""
    for side in ("input", "target"):
        (project.pool / "same" / side).mkdir(parents=True)
        shutil.copy(project.pool / "mine/target/good.png", project.pool / "same" / side)
    same = DROPS.replace("drops", "same")
    edit("rain_types: [drs]\n", "rain_types: [drs, drd]\n")(project)
    edit(f"    {MINE}\n", f"    {MINE}\n    {same}\n")(project)


CASES = {
    "add the line": Case(
        fault=lambda p: (p.root / "roots.local.yaml").unlink(),
        words="add the line `here: /folder/of/the/dataset` to roots.local.yaml",
        cure=append("here: {pool}"),
    ),
    "correct the line": Case(
        fault=edit("here: pool", "here: nowhere", "roots.local.yaml"),
        words="does not exist; correct the line",
        cure=edit("here: nowhere", "here: pool", "roots.local.yaml"),
    ),
    "correct the folder": Case(
        fault=edit("folder: sky", "folder: skyy"),
        words="correct `folder` in params.yaml",
        cure=edit("folder: skyy", "folder: sky"),
    ),
    "correct the layout": Case(
        fault=edit("layout: paired", "layout: gtav-nightrain"),
        words="correct layout or folder in params.yaml",
        cure=edit("layout: gtav-nightrain", "layout: paired"),
    ),
    "a line of its own": Case(
        fault=a_folder_beside,
        words="name that folder in roots.local.yaml by a line of its own, and use that name as `root`",
        cure=each(append("beside: {pool}/../beside"), edit("root: here, folder: ../beside", "root: beside")),
    ),
    "name a rain type": Case(
        fault=edit(", rain_types: [drs]}", "}"),
        words="cannot tell the rain type of input/good.png; name one of drs",
        cure=edit("folder: mine}", "folder: mine, rain_types: [drs]}"),
    ),
    "remove the role": Case(
        fault=pairs_side_by_side,
        words="remove `role: real`",
        cure=edit(", role: real", ""),
    ),
    "name a dataset": Case(
        fault=edit(f"datasets:\n    {MINE}\n    {SKY}\n", "datasets: {}\n"),
        words="name a dataset, `unirain datasets` lists the catalogue",
        cure=edit("datasets: {}\n", f"datasets:\n    {MINE}\n    {SKY}\n"),
    ),
    "add photos": Case(
        fault=edit(f"    {SKY}\n", ""),
        words="add a dataset of unlabelled rainy photos to raw_datasets.datasets (`layout: photos`",
        cure=edit(f"    {MINE}\n", f"    {MINE}\n    {SKY}\n"),
        stages=("raw_datasets", "verified_pairs", "real_rain_database"),
    ),
    "take a type out whose pairs are all dropped": Case(
        fault=all_drops_dropped,
        words="take drd out of rain_types in params.yaml",
        cure=edit("rain_types: [drs, drd]\n", "rain_types: [drs]\n"),
        stages=("raw_datasets", "verified_pairs"),
    ),
    "add a dataset where all pairs are dropped": Case(
        fault=all_drops_dropped,
        words="add a dataset to raw_datasets.datasets",
        cure=each(drops, edit(f"    {MINE}\n", f"    {MINE}\n    {DROPS}\n")),
        stages=("raw_datasets", "verified_pairs"),
    ),
    "take out repeats": Case(
        fault=each(
            lambda p: p.put(f"{'a' * 40}.png", 1),
            edit("rain_types: [drs]}", "rain_types: [drs], scene_rule: ['input/(a+)+!', 'x']}"),
        ),
        words="take out repeats within repeats, such as (a+)+",
        cure=edit("(a+)+!", "(.+)"),
    ),
    "correct a dataset's name": Case(
        fault=edit("per_dataset: {},", "per_dataset: {minee: {aligned_peak: null, max_offset: null}},"),
        words="correct the name, or remove it",
        cure=edit("minee: {", "mine: {"),
        stages=("raw_datasets", "verified_pairs"),
    ),
    "remove a dataset's name": Case(
        fault=edit("per_dataset: {},", "per_dataset: {minee: {aligned_peak: null, max_offset: null}},"),
        words="correct the name, or remove it",
        cure=edit("minee: {aligned_peak: null, max_offset: null}", ""),
        stages=("raw_datasets", "verified_pairs"),
    ),
    "rename the key": Case(
        fault=edit("    mine: {", "    mine/sub: {"),
        words="rename the key in params.yaml",
        cure=edit("    mine/sub: {", "    mine: {"),
    ),
    "rename one of each two": Case(
        fault=edit("  input: {kind: input}", "  unirain: {kind: input}"),
        words="rename one of each two",
        cure=edit("  unirain: {kind: input}", "  input: {kind: input}"),
    ),
    "add a method": Case(
        fault=edit("methods:\n  input: {kind: input}", "methods: {}"),
        words="methods: empty, and benchmark_tables reads the scores of at least one; add one",
        cure=edit("methods: {}", "methods:\n  input: {kind: input}"),
    ),
    "lower min_side": Case(
        fault=edit("min_side: 64", "min_side: 300"),
        words="or lower min_side",
        cure=edit("min_side: 300", "min_side: 64"),
    ),
    "save it in UTF-8": Case(
        fault=lambda p: (p.root / "roots.local.yaml").write_bytes(b"# \xe9\nhere: pool\n"),
        words="save it in the encoding UTF-8",
        cure=lambda p: (p.root / "roots.local.yaml").write_text("# é\nhere: pool\n", encoding="utf-8"),
    ),
}


TYPES_WITHOUT_PAIRS = {
    "take a type out that no dataset gives": Case(
        fault=edit("rain_types: [drs]\n", "rain_types: [drs, drd]\n"),
        words="take it out of rain_types, correct its spelling, or add a dataset",
        cure=edit("rain_types: [drs, drd]\n", "rain_types: [drs]\n"),
    ),
    "correct the spelling of a type": Case(
        fault=edit("rain_types: [drs]\n", "rain_types: [dsr]\n"),
        words="take it out of rain_types, correct its spelling, or add a dataset",
        cure=edit("rain_types: [dsr]\n", "rain_types: [drs]\n"),
    ),
    "add a dataset of the type": Case(
        fault=edit("rain_types: [drs]\n", "rain_types: [drs, drd]\n"),
        words="take it out of rain_types, correct its spelling, or add a dataset",
        cure=each(drops, edit(f"    {MINE}\n", f"    {MINE}\n    {DROPS}\n")),
        stages=("raw_datasets", "verified_pairs"),
    ),
}


@pytest.mark.parametrize("case", TYPES_WITHOUT_PAIRS.values(), ids=list(TYPES_WITHOUT_PAIRS))
def test_a_type_that_no_dataset_gives_is_mended_as_the_message_says(project, case):
    case.fault(project)
    code, said = project.unirain("run", "raw_datasets")
    assert (code, case.words in said) == (2, True), said
    case.cure(project)

    assert project.unirain("run", "raw_datasets")[0] == 0


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_an_edit_that_a_message_names_mends_the_fault(project, case):
    case.fault(project)
    with pytest.raises(UniRainError, match=re.escape(case.words)):
        project.run(*case.stages)
    case.cure(project)

    project.run(*case.stages)


def test_a_file_whose_name_is_no_text_is_listed_once_it_is_renamed(project):
    project.put("other.png", 1)
    name = project.pool / "mine/input/other.png"
    no_text = os.fsencode(name.parent) + b"/\xff.png"
    os.rename(name, no_text)  # noqa: PTH104 (bytes)
    project.run("raw_datasets")
    assert "unreadable_name" in project.rejects().values()

    os.rename(no_text, name)  # noqa: PTH104
    project.run("raw_datasets")
    assert project.rejects() == {}


def test_a_partner_whose_name_differs_in_case_is_found_once_it_is_renamed(project):
    project.put("other.png", 1)
    partner = project.pool / "mine/target/other.png"
    partner.rename(partner.with_name("Other.png"))
    project.run("raw_datasets")
    dropped = project.table("data/raw/dropped.parquet", Dropped)
    assert "rename it" in " ".join(row.other for row in dropped)

    partner.with_name("Other.png").rename(partner)
    project.run("raw_datasets")
    assert project.rejects() == {}


def test_a_picture_of_32_bits_on_no_scale_is_read_once_it_is_saved_with_8(project):
    project.put("deep.tif", 1)
    file = project.pool / "mine/input/deep.tif"
    rainy = Image.open(file).copy()
    Image.fromarray(np.full((96, 128), 1e9, np.float32)).save(file)
    project.run("raw_datasets", "verified_pairs")
    (row,) = project.table("data/verified/dropped.parquet", Dropped)
    assert "save it with 8 or 16 bits" in row.other

    rainy.save(file)
    project.run("raw_datasets", "verified_pairs")
    assert project.rejects() == {}


@pytest.mark.parametrize(
    ("arguments", "words", "cure"),
    [
        (
            ("run", "raw_datasets", "--partition", "x"),
            "run `unirain run raw_datasets`",
            ("run", "raw_datasets"),
        ),
        (("--root", "datasets", "check"), "run from the root of the project", ("datasets", "check")),
    ],
)
def test_a_command_that_a_message_names_goes_on(project, arguments, words, cure):
    elsewhere = project.root / "elsewhere"
    elsewhere.mkdir()
    wrong = [argument for argument in arguments if argument != "--root"]
    folder = elsewhere if "--root" in arguments else project.root
    answer = subprocess.run([*UNIRAIN, *wrong], cwd=folder, capture_output=True, text=True, check=False)

    assert answer.returncode == 2
    assert words in " ".join(answer.stderr.split())
    assert project.unirain(*cure)[0] == 0


def test_a_project_outside_of_git_is_prepared_after_git_init(project):
    (project.root / "dvc.yaml").write_text("stages: {}\n")
    code, said = project.unirain("prepare")
    assert (code, "run `git init` first" in said) == (2, True)

    subprocess.run(["git", "init", "--quiet"], cwd=project.root, check=True)
    assert project.unirain("prepare")[0] == 0


def test_a_stage_whose_params_were_edited_goes_on_when_the_command_is_given_again(project):
    shutil.copy(SHIPPED.parent / "dvc.yaml", project.root)

    def begin():
        pipeline = read_pipeline(project.root, read_yaml(project.root / "params.yaml"))
        step = pipeline.step("vlm_votes", None)
        assert step is not None
        return Witness.begin(project.root, pipeline, step)

    first = begin()
    edit("accept_share: 0.9", "accept_share: 0.8")(project)
    with pytest.raises(EditedError, match=r"accept_share from 0\.9 to 0\.8.*run the same command again"):
        first.end()

    begin().end()


def test_a_copy_of_the_project_is_run_by_its_own_code_with_the_path_that_is_named(project):
    root = SHIPPED.parent
    shutil.copy(root / "dvc.yaml", project.root)
    no_bytecode = shutil.ignore_patterns("__pycache__")
    shutil.copytree(root / "unirain_core", project.root / "unirain_core", ignore=no_bytecode)
    with (project.root / "unirain_core/sources/tree.py").open("a") as code:
        code.write("\n# edited\n")

    def answer(path):
        command = [str(Path(sys.executable).parent / "unirain"), "run", "raw_datasets"]
        environment = os.environ | {"PYTHONPATH": path}
        return subprocess.run(
            command, cwd=project.root, env=environment, capture_output=True, text=True, check=False
        )

    wrong = answer(str(root))
    assert wrong.returncode == 2
    assert "put `PYTHONPATH=.` before the same command" in " ".join(wrong.stderr.split())
    assert answer(".").returncode == 0


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
        flip("data/checkpoints/unirain/model.safetensors"),
        ("run", "benchmark_scores", "--partition", "unirain"),
        "dvc repro --force --single-item trained_checkpoint@unirain",
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
    run(whole, *DVC, "repro")
    assert reference == state(whole)


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
    edit("  seed: 30", "  seed: 31")(SimpleNamespace(root=project))
    for step in ("rainrag_split", "benchmark_scores@unirain"):
        run(project, *DVC, "repro", "--single-item", step)
    refused = run(project, *DVC, "repro", "--force", "--single-item", "benchmark_tables", check=False)
    said = " ".join((refused.stdout + refused.stderr).split())
    assert refused.returncode != 0
    assert "the methods were not scored on the same pictures" in said

    (command,) = [named for named in commands(said) if "baseline_scores" in named]
    run(project, *DVC, *command.split()[1:])
    run(project, *DVC, "repro", "--single-item", "benchmark_tables")
