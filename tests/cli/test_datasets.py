"""`unirain datasets` tells what there is, what a dataset expects, and what is missing."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from unirain_core.cli.datasets import datasets, entry
from unirain_core.errors import ConfigError, MissingInputError
from unirain_core.sources import catalogue

ROOT = Path(__file__).parents[2]
POOL = """  datasets:
    mine: {layout: paired, root: here, folder: mine, rain_types: [drs]}
    gone: {layout: raindrop, root: nowhere}
"""


def test_the_table_names_every_entry_and_fills_every_type(capsys):
    datasets()
    text = capsys.readouterr().out

    assert all(name in text for name in catalogue.load().records)
    assert all(f"\n{t}: " in text for t in ("drs", "drd", "nrs", "nrd"))


def test_the_columns_of_the_table_stand_apart(capsys):
    datasets()
    head, *lines = capsys.readouterr().out.split("\n\n")[0].splitlines()
    starts = [head.index(word) for word in ("rain types", "origin", "good for", "name")]

    assert len(lines) == len(catalogue.load().records)
    assert all(line[start - 2 : start] == "  " != line[start] for line in lines for start in starts)
    assert starts[0] == max(map(len, catalogue.load().records)) + 2


@pytest.mark.parametrize("record", catalogue.load().records.values(), ids=lambda r: r.id)
def test_an_entry_tells_layouts_traps_terms_and_where_to_download(record):
    text = "\n".join(entry(record))

    assert all(example.input in text for layout in record.layouts for example in layout.examples)
    assert text.count("\n  - ") == len(record.traps) + len(record.unverified)
    assert (record.terms or "no terms found").split()[0] in text
    assert (record.source_page or "no public page found").split()[0] in text


def test_an_id_that_is_near_to_none_is_answered_with_the_command_that_lists_all():
    with pytest.raises(
        ConfigError, match="'0123456789' is not in the catalogue; `unirain datasets` lists it"
    ):
        datasets("0123456789")


def test_an_unknown_id_is_answered_with_the_nearest():
    with pytest.raises(ConfigError, match="nearest: rain200"):
        datasets("rain200")


@pytest.fixture
def project(tmp_path, monkeypatch):
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    start = text.index("  datasets:\n")
    end = text.index("\nverified_pairs:")
    (tmp_path / "params.yaml").write_text(text[:start] + POOL + text[end:], encoding="utf-8")
    (tmp_path / "roots.local.yaml").write_text("here: .\n")
    for path in ("mine/input/1.png", "mine/target/1.png", "mine/input/2.png"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_check_counts_what_is_there_and_names_what_is_not(project, capsys):
    with pytest.raises(MissingInputError, match=r"1 of 2 datasets cannot be used \(gone\).*drd, nrs, nrd"):
        datasets("check")
    text = " ".join(capsys.readouterr().out.split())

    assert "mine: layout paired; 1 rows; train drs 1; dropped: orphan 1" in text
    assert "gone: not usable: raw_datasets.datasets.gone: root 'nowhere'" in text
    assert "drs: 1 pairs" in text
    assert "nrd: no pair; the smallest useful download is hq-nightrain" in text


def test_a_check_tells_of_links_ambiguities_and_foreign_files(project, capsys):
    for path in ("mine/target/2.jpg", "mine/target/2.bmp", "mine/mask/1.png", "mine/readme.txt", "far/3.png"):
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).touch()
    (project / "roots.local.yaml").write_text("here: mine\n")
    (project / "mine/target/3.png").symlink_to(project / "far/3.png")
    text = (project / "params.yaml").read_text(encoding="utf-8")
    (project / "params.yaml").write_text(text.replace(", folder: mine", ""), encoding="utf-8")
    with pytest.raises(MissingInputError, match="cannot be used"):
        datasets("check")
    text = " ".join(capsys.readouterr().out.split())

    assert (
        f"- 1 link leads outside the root, to {project}/far; to allow it, write in roots.local.yaml:" in text
    )
    assert "keep one of them: first mine/input/2: target/2.bmp and target/2.jpg" in text
    assert "- 2 files are of no layout and stay unused: mask/1.png, readme.txt" in text


def check(project, capsys, line, *paths, contents=b"x" * 2000):
    """What a check of one dataset says."""
    for path in paths:
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_bytes(contents)
    text = (project / "params.yaml").read_text(encoding="utf-8")
    start, end = text.index("  datasets:\n"), text.index("\nverified_pairs:")
    (project / "params.yaml").write_text(
        f"{text[:start]}  datasets:\n    d: {line}\n{text[end:]}", encoding="utf-8"
    )
    with pytest.raises(MissingInputError, match="rain types without a pair"):
        datasets("check")
    return " ".join(capsys.readouterr().out.split())


RAINDROP = "{layout: raindrop, root: here, folder: rd}"
PAIR = ("rd/train/data/0_rain.png", "rd/train/gt/0_clean.png")


def test_a_check_tells_sizes_orphans_by_side_numbers_traps_and_terms(project, capsys):
    text = check(project, capsys, RAINDROP, *PAIR, "rd/train/data/7_rain.png", "rd/train/gt/8_clean.png")

    assert "- 1 rainy and 1 clean files, 4 kB" in text
    assert "- 1 rainy pictures without a clean one, the first is train/data/7_rain.png" in text
    assert "- 1 clean pictures without a rainy one, the first is train/gt/8_clean.png" in text
    assert "- 1 train pairs are here, a whole download has 861" in text
    assert "- 0 test pairs are here, a whole download has 58 or 249 or 307" in text
    assert f"- trap: {catalogue.load().records['raindrop'].traps[0]}" in text
    assert "- terms: no terms found" in text


def test_a_check_says_nothing_of_numbers_that_fit(project, capsys):
    paths = [f"rd/input/{n:03}_in.png" for n in range(12)] + [
        f"rd/groundtruth/{n:03}_GT.png" for n in range(12)
    ]
    line = "{layout: rain12, root: here, folder: rd}"

    assert "a whole download has" not in check(project, capsys, line, *paths)
    assert "13 test pairs are here, a whole download has 12" in check(
        project, capsys, line, *paths, "rd/input/012_in.png", "rd/groundtruth/012_GT.png"
    )


def test_a_check_counts_git_lfs_pointers(project, capsys):
    text = check(
        project, capsys, RAINDROP, *PAIR, contents=b"version https://git-lfs.github.com/spec/v1\noid x\n"
    )

    assert "2 files are git-lfs pointers, the first is train/data/0_rain.png: run `git lfs pull`" in text


def test_a_check_finds_pairs_whose_sides_are_the_same_file(project, capsys):
    assert "1 of the compared pairs have the same bytes on both sides" in check(
        project, capsys, RAINDROP, *PAIR
    )


def test_a_check_finds_second_copies_by_their_names(project, capsys):
    paths = [
        f"rd/{side}/{name}.png" for side in ("input", "target") for name in ("926_10", "926_10(1)", "a (2)")
    ]
    text = check(project, capsys, "{layout: paired, root: here, folder: rd, rain_types: [drs]}", *paths)

    assert "1 pictures are called like second copies of others, the first is input/926_10(1).png" in text


def test_a_check_advises_a_quota_where_a_set_is_large_and_has_none(project, capsys, monkeypatch):
    records = catalogue.load().records
    monkeypatch.setitem(records, "gt-rain", replace(records["gt-rain"], quota=1))
    paths = [f"rd/train/s/s-R-{n:03}.png" for n in range(3)] + ["rd/train/s/s-C-000.png"]
    line = "{layout: gt-rain, root: here, folder: rd}"

    assert "`quota: 1` in params keeps that many" in check(project, capsys, line, *paths)
    assert "`quota: 1`" not in check(project, capsys, line.replace("}", ", quota: 2}"))


@pytest.mark.slow
def test_a_check_of_a_hundred_thousand_files_ends(project, capsys):
    """Measured: 4.8 s of a busy machine for two datasets over one such tree (50,000 pairs)."""
    for side in ("input", "target"):
        for folder in range(50):
            place = project / f"mine/train/{side}/{folder:02}"
            place.mkdir(parents=True)
            for number in range(1000):
                (place / f"{number:03}.png").write_bytes(f"{side}{folder}/{number}".encode())

    text = check(project, capsys, "{layout: paired, root: here, folder: mine, rain_types: [drs]}")
    assert "50,001 rows" in text  # one more stands in the project already


def test_a_check_writes_no_file(project):
    before = sorted(project.rglob("*"))
    with pytest.raises(MissingInputError, match="cannot be used"):
        datasets("check")

    assert before == sorted(project.rglob("*"))
    shutil.rmtree(project)


def test_a_check_does_not_count_pairs_of_a_benchmark_as_pairs_of_their_type(project, capsys):
    text = check(project, capsys, RAINDROP.replace("}", ", role: benchmark}"), *PAIR)

    assert "1 rows; benchmark drd 1" in text
    assert (
        "drd: no pair but up to 1 of role benchmark, which are only scored; the smallest useful download is"
        in text
    )
    assert "nrd: no pair; the smallest useful download is" in text
