"""`unirain datasets add` tells what a folder is and writes it into params, or asks and writes nothing."""

import difflib
import re
import shutil
import stat
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unirain_core.artefacts.roots import Roots
from unirain_core.cli.datasets import datasets
from unirain_core.cli.params import load_params
from unirain_core.config.edit import with_entry
from unirain_core.errors import ConfigError, MissingInputError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path, monkeypatch):
    root = tmp_path / "project"
    root.mkdir()
    (root / "params.yaml").write_text((ROOT / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.chdir(root)
    return root


def plant(folder, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"x")
    return folder


def added_lines(project):
    before = (ROOT / "params.yaml").read_text(encoding="utf-8").splitlines()
    after = (project / "params.yaml").read_text(encoding="utf-8").splitlines()
    changes = [line for line in difflib.ndiff(before, after) if line[0] in "+-"]
    assert not [line for line in changes if line[0] == "-"]
    return [line[2:].strip() for line in changes]


@pytest.mark.parametrize(
    ("rainy", "clean"),
    [
        ("input", "target"),
        ("Input", "GT"),
        ("rainy", "gt"),
        ("rain", "norain"),
        ("LQ", "HQ"),
        ("input", "clean"),
    ],
)
def test_a_folder_of_pairs_becomes_a_dataset_of_its_type(project, tmp_path, capsys, rainy, clean):
    folder = plant(
        tmp_path / "my rain", f"{rainy}/1.png", f"{clean}/1.png", f"test/{rainy}/2.png", f"test/{clean}/2.png"
    )
    datasets("add", folder, rain_type="drs")

    assert ["my-rain: {layout: paired, root: my-rain, rain_types: [drs]}"] == added_lines(project)
    assert f'my-rain: "{folder}"\n' == (project / "roots.local.yaml").read_text()
    assert ("drs",) == load_params(project).raw_datasets.datasets["my-rain"].rain_types
    assert "2 rows; test drs 1, train drs 1" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("options", "is_told"), [({}, True), ({"origin": "real"}, False), ({"origin": "synthetic"}, False)]
)
def test_what_the_options_have_answered_is_not_asked_for_again(project, tmp_path, capsys, options, is_told):
    datasets("add", plant(tmp_path / "mine", "input/1.png", "target/1.png"), rain_type="drs", **options)
    said = " ".join(capsys.readouterr().out.split())

    assert "rain_types" not in said.replace("rain_types: [drs]", "")
    assert is_told == ("its pairs count as synthetic, for a tree cannot say it" in said)


def test_comments_and_other_roots_stay(project, tmp_path):
    (project / "roots.local.yaml").write_text("# mine\nother: /data  # far\n")
    datasets("add", plant(tmp_path / "m", "input/1.png", "gt/1.png"), rain_type="nrd", origin="real", quota=7)

    assert f'# mine\nother: /data  # far\nm: "{tmp_path}/m"\n' == (project / "roots.local.yaml").read_text()
    assert ["m: {layout: paired, root: m, rain_types: [nrd], origin: real, quota: 7}"] == added_lines(project)


def test_the_files_keep_their_permissions_and_a_link_stays_a_link(project, tmp_path):
    (project / "params.yaml").rename(project / "params.mine.yaml")
    (project / "params.mine.yaml").chmod(0o640)
    (project / "params.yaml").symlink_to("params.mine.yaml")
    (project / "roots.local.yaml").write_text("")
    (project / "roots.local.yaml").chmod(0o600)
    datasets("add", plant(tmp_path / "m", "input/1.png", "gt/1.png"), rain_type="drs")

    assert (project / "params.yaml").is_symlink()
    assert "m" in load_params(project).raw_datasets.datasets
    files = (project / "params.mine.yaml", project / "roots.local.yaml")
    assert [0o640, 0o600] == [stat.S_IMODE(file.stat().st_mode) for file in files]


def test_photos_go_to_the_real_rain_database(project, tmp_path):
    folder = plant(tmp_path / "photos", "a/1.jpg", "b/2.png")
    with pytest.raises(ConfigError, match="give the command without --rain-type"):
        datasets("add", folder, rain_type="drs")
    datasets("add", folder)

    assert ["photos: {layout: photos, root: photos}"] == added_lines(project)


def test_clean_pictures_whose_names_fit_no_rainy_one_are_not_taken_for_rainy_photos(project, tmp_path):
    folder = plant(
        tmp_path / "mine", "rain/1_rain.png", "rain/2_rain.png", "norain/1_clean.png", "norain/2_clean.png"
    )
    with pytest.raises(
        ConfigError, match=r"2 pictures stand among clean ones, the first is norain/1_clean.png"
    ):
        datasets("add", folder)
    assert [] == added_lines(project)
    datasets("add", folder, layout="photos")
    assert ["mine: {layout: photos, root: mine}"] == added_lines(project)

    for side, word in (("rain", "rain"), ("norain", "clean")):
        for number in (1, 2):
            (folder / f"{side}/{number}_{word}.png").rename(folder / f"{side}/{number}.png")
    datasets("add", folder, rain_type="drs", name="renamed")
    assert "renamed: {layout: paired, root: renamed, rain_types: [drs]}" in added_lines(project)


def halves(folder):
    rng = np.random.default_rng(0)
    folder.mkdir()
    for number in range(3):
        clean = rng.integers(0, 200, (48, 64, 3), dtype=np.uint8)
        rainy = clean + rng.integers(0, 50, clean.shape, dtype=np.uint8)
        Image.fromarray(np.hstack([clean, rainy])).save(folder / f"{number}.png")
    return folder


def test_pictures_of_two_halves_are_asked_which_half_is_clean(project, tmp_path):
    folder = halves(tmp_path / "both")
    with pytest.raises(ConfigError, match="give the clean one: --clean left or --clean right"):
        datasets("add", folder, rain_type="drs")
    assert [] == added_lines(project)
    datasets("add", folder, rain_type="drs", clean="left")

    assert ["both: {layout: halves-left, root: both, rain_types: [drs]}"] == added_lines(project)


def test_a_known_dataset_is_recognised_and_added_by_its_name(project, tmp_path, capsys):
    folder = plant(
        tmp_path / "gta", *(f"set1/train/{p}" for p in ("rainy/0000_01.png", "rainy/0001_01.png", "x/y.txt"))
    )
    plant(folder, "set1/train/gt/0000.png", "set1/train/gt/0001.png")
    with pytest.raises(ConfigError, match=r"gtav-nightrain.*give the entry with --layout"):
        datasets("add", folder, rain_type="nrs")
    datasets("add", folder, layout="gtav-nightrain")

    assert ["gta: {layout: gtav-nightrain, root: gta}"] == added_lines(project)
    assert "a whole download has 5,000 or 10,000" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give it: --rain-type, one of drs, drd, nrs, nrd"),
        ({"rain_type": "snow"}, "'snow' is not among rain_types"),
        ({"rain_type": "drs", "name": "rain200l"}, "give another name with --name"),
        ({"rain_type": "drs", "name": "a b"}, "give a name of letters, digits"),
        ({"rain_type": "drs", "clean": "up"}, "left or right, found 'up'"),
        ({"rain_type": "drs", "origin": "fake"}, "real or synthetic, found 'fake'"),
        ({"rain_type": "drs", "layout": "pared"}, "nearest: paired"),
    ],
)
def test_an_open_question_is_asked_and_nothing_is_written(project, tmp_path, options, message):
    folder = plant(tmp_path / "mine", "input/1.png", "target/1.png")
    with pytest.raises(ConfigError, match=re.escape(message)):
        datasets("add", folder, **options)

    assert [] == added_lines(project)
    assert not (project / "roots.local.yaml").exists()
    datasets("add", folder, rain_type="drs")
    assert 1 == len(added_lines(project))


def test_a_folder_without_pictures_and_no_folder_are_refused_until_the_right_one_is_given(project, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        ConfigError, match=r"no picture stands below .*; give the folder that holds the pictures"
    ):
        datasets("add", tmp_path / "empty", rain_type="drs")
    with pytest.raises(ConfigError, match="is no folder; give the folder that holds the pictures"):
        datasets("add", tmp_path / "gone", rain_type="drs")
    with pytest.raises(
        ConfigError, match="name the folder: `unirain datasets add /folder/of/the/dataset --rain-type drs`"
    ):
        datasets("add")
    datasets("add", plant(tmp_path / "mine", "input/1.png", "target/1.png"), rain_type="drs")

    assert "mine" in load_params(project).raw_datasets.datasets


def test_a_dataset_is_added_by_hand_to_params_in_braces(project, tmp_path):
    text = (project / "params.yaml").read_text(encoding="utf-8")
    start, end = text.index("  datasets:\n"), text.index("\n# per_dataset")
    braces = "  datasets: {old: {layout: raindrop, root: demo}}\n"
    (project / "params.yaml").write_text(text[:start] + braces + text[end:], encoding="utf-8")
    folder = plant(tmp_path / "mine", "input/1.png", "target/1.png")
    with pytest.raises(
        ConfigError, match=r"is not written with one key a line; add the line `mine: {.*}` to it yourself"
    ) as caught:
        datasets("add", folder, rain_type="drs")
    assert not (project / "roots.local.yaml").exists()
    line = str(caught.value).partition("add the line `")[2].partition("` to it")[0]
    by_hand = (
        (project / "params.yaml")
        .read_text(encoding="utf-8")
        .replace("root: demo}}", f"root: demo}}, {line}}}")
    )
    (project / "params.yaml").write_text(by_hand, encoding="utf-8")

    assert {"old", "mine"} == set(load_params(project).raw_datasets.datasets)


def test_a_root_of_that_name_is_not_overwritten(project, tmp_path):
    (project / "roots.local.yaml").write_text("mine: /elsewhere\n")
    folder = plant(tmp_path / "mine", "input/1.png", "target/1.png")
    with pytest.raises(ConfigError, match="give another name with --name"):
        datasets("add", folder, rain_type="drs")
    datasets("add", folder, rain_type="drs", name="mine-2")

    assert f'mine: /elsewhere\nmine-2: "{folder}"\n' == (project / "roots.local.yaml").read_text()


def test_a_named_entry_that_does_not_fit_writes_nothing(project, tmp_path):
    folder = plant(tmp_path / "mine", "input/1.png", "target/1.png")
    with pytest.raises(MissingInputError, match="layout 'raindrop' expects"):
        datasets("add", folder, layout="raindrop")

    assert [] == added_lines(project)


@pytest.mark.parametrize("name", ["null", "2024", "1e3", "true"])
def test_a_folder_whose_name_yaml_takes_for_something_else_is_added_under_its_name(project, tmp_path, name):
    folder = plant(tmp_path / name, "input/1.png", "target/1.png")
    datasets("add", folder, rain_type="drs")

    assert name == load_params(project).raw_datasets.datasets[name].root
    assert folder == Roots.load(project).folder(name)


def test_an_object_store_is_no_folder_of_this_machine_and_is_written_by_hand(project):
    with pytest.raises(ConfigError, match=r"lies in an object store.*yourself, as docs/cluster.md shows"):
        datasets("add", Path("s3://bucket/rain"), rain_type="drs")

    assert "roots.local.yaml" in (ROOT / "docs/cluster.md").read_text(encoding="utf-8")


def test_a_dataset_that_params_name_without_a_folder_gets_its_folder(project, tmp_path, capsys):
    shutil.copy(ROOT / "params.paper.yaml", project / "params.yaml")
    folder = plant(
        tmp_path / "rain200l",
        *(f"rain_data_train_Light/{p}" for p in ("rain/X2/norain-1x2.png", "norain/norain-1.png")),
    )
    with pytest.raises(ConfigError, match="give the command with the folder and no option"):
        datasets("add", folder, rain_type="drs")
    assert not (project / "roots.local.yaml").exists()
    datasets("add", folder)

    assert (ROOT / "params.paper.yaml").read_bytes() == (project / "params.yaml").read_bytes()
    assert f'rain200l: "{folder}"\n' == (project / "roots.local.yaml").read_text()
    assert "layout rain200l; 1 rows; train drs 1" in " ".join(capsys.readouterr().out.split())
    with pytest.raises(ConfigError, match="has a 'rain200l' already; give another name with --name"):
        datasets("add", folder)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("", "n: 1\n"),
        ("a: 2  # two", "a: 2  # two\nn: 1\n"),
        ("# only a comment\n", "# only a comment\nn: 1\n"),
    ],
)
def test_a_line_is_added_at_the_end_of_a_file(tmp_path, text, result):
    (tmp_path / "f.yaml").write_text(text)

    assert result == with_entry(tmp_path / "f.yaml", (), "n: 1")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("a:\n  b: {}\nc: 1\n", "a:\n  b:\n    n: 1\nc: 1\n"),
        (
            "a:\n  b:\n      x: 1  # one\n# of c\nc: 1\n",
            "a:\n  b:\n      x: 1  # one\n      n: 1\n# of c\nc: 1\n",
        ),
        ("a:\n  b:\n    x:\n      y: 1\n\n  d: 2\n", "a:\n  b:\n    x:\n      y: 1\n    n: 1\n\n  d: 2\n"),
    ],
)
def test_a_line_is_added_to_a_mapping_inside(tmp_path, text, result):
    (tmp_path / "f.yaml").write_text(text)

    assert result == with_entry(tmp_path / "f.yaml", ("a", "b"), "n: 1")


def test_a_file_with_the_line_ends_of_another_system_keeps_them(tmp_path):
    (tmp_path / "f.yaml").write_bytes(b"a:\r\n  b: {}\r\nc: 1\r\n")

    assert "a:\r\n  b:\r\n    n: 1\r\nc: 1\r\n" == with_entry(tmp_path / "f.yaml", ("a", "b"), "n: 1")


def test_the_line_ends_of_another_system_stay(tmp_path):
    (tmp_path / "f.yaml").write_bytes(b"a:\r\n  b:\r\n    x: 1\r\nc: 1")

    assert "a:\r\n  b:\r\n    x: 1\r\n    n: 1\r\nc: 1\r\n" == with_entry(
        tmp_path / "f.yaml", ("a", "b"), "n: 1"
    )


@pytest.mark.parametrize("text", ["a: {b: {x: 1}}\n", "a:\n  b: {x: 1}\n", "c: 1\n", "a:\n  b:\n  - x\n"])
def test_a_mapping_that_cannot_take_a_line_is_left_to_a_person(tmp_path, text):
    (tmp_path / "f.yaml").write_text(text)
    with pytest.raises(ConfigError, match="add the line `n: 1` to it yourself"):
        with_entry(tmp_path / "f.yaml", ("a", "b"), "n: 1")


def test_a_folder_of_pairs_may_be_a_benchmark_and_a_role_that_is_none_is_refused(project, tmp_path, capsys):
    folder = plant(tmp_path / "m", "input/1.png", "gt/1.png")
    with pytest.raises(
        ConfigError, match="--role is one of train, val, test, benchmark, real, found 'judge'"
    ):
        datasets("add", folder, rain_type="drs", role="judge")
    assert [] == added_lines(project)
    datasets("add", folder, rain_type="drs", role="benchmark")

    assert ["m: {layout: paired, root: m, rain_types: [drs], role: benchmark}"] == added_lines(project)
    assert "benchmark" == load_params(project).raw_datasets.datasets["m"].role
    assert "1 rows; benchmark drs 1" in " ".join(capsys.readouterr().out.split())


def test_pairs_may_become_photos_without_a_rain_type(project, tmp_path):
    datasets("add", plant(tmp_path / "m", "input/1.png", "gt/1.png"), role="real")

    assert ["m: {layout: paired, root: m, role: real}"] == added_lines(project)
