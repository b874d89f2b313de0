"""Remedies that a message names are carried out in a small project: from the fault to a command that goes on."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.end_to_end.conftest import SHIPPED, Project
from unirain_core.artefacts.schemas import Dropped
from unirain_core.cli.witness import Witness
from unirain_core.config.load import read_yaml
from unirain_core.config.pipeline import read_pipeline
from unirain_core.errors import EditedError, UniRainError

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
    "choose another name of a test set": Case(
        fault=edit("benchmarks: {}", "benchmarks: {test: {sources: [mine], paths: ''}}"),
        words="choose another",
        cure=edit("{test: {sources", "{rd: {sources"),
        stages=("raw_datasets",),
    ),
    "correct a source": Case(
        fault=edit("benchmarks: {}", "benchmarks: {rd: {sources: [minee], paths: ''}}"),
        words="correct the name, or remove it",
        cure=edit("[minee]", "[mine]"),
        stages=("raw_datasets",),
    ),
    "rename the key": Case(
        fault=edit("    mine: {", "    mine/sub: {"),
        words="rename the key in params.yaml",
        cure=edit("    mine/sub: {", "    mine: {"),
    ),
    "rename one of each two": Case(
        fault=edit("  input: {kind: input}", "  reweighted: {kind: input}"),
        words="rename one of each two",
        cure=edit("  reweighted: {kind: input}", "  input: {kind: input}"),
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
def test_a_command_that_a_message_names_goes_on(project, tmp_path_factory, arguments, words, cure):
    elsewhere = tmp_path_factory.mktemp("elsewhere")  # in no project
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
