"""The manifest holds every listed picture once, and says of the rest why not."""

import json

import pytest

from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Dropped, ManifestRow
from unirain_core.config.sections import Dataset, RawDatasets, SampleCorpus
from unirain_core.errors import ConfigError, MissingInputError
from unirain_core.stages import raw_datasets
from unirain_core.stages.raw_datasets import run

TYPES = ("drs", "drd", "nrs", "nrd")
CORPORA = {"demo": SampleCorpus(seed=0)}


@pytest.fixture(autouse=True)
def home(monkeypatch):
    monkeypatch.delenv("UNIRAIN_HOME", raising=False)
    monkeypatch.delenv("DVC_ROOT", raising=False)


def plant(folder, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(path.encode())


def run_with(root, rain_types=TYPES, **datasets):
    run(root, raw_datasets=RawDatasets(datasets=datasets), sample_corpora=CORPORA, rain_types=rain_types)
    manifest = tables.read(root / "data/raw/manifest.parquet", ManifestRow)
    return manifest, tables.read(root / "data/raw/dropped.parquet", Dropped)


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "data/sample_corpus/demo"
    plant(
        folder,
        "raindrop/train/data/0_rain.png",
        "raindrop/train/gt/0_clean.png",
        "raindrop/train/data/1_rain.png",
    )
    plant(folder, "gt-rain/GT-RAIN_train/s/s-R-007.png", "gt-rain/GT-RAIN_train/s/s-C-000.png")
    plant(folder, "real/a.jpg", "real/b.jpg")
    return tmp_path


DATASETS = {
    "raindrop": Dataset(layout="raindrop", root="demo", folder="raindrop"),
    "gt-rain": Dataset(layout="gt-rain", root="demo", folder="gt-rain"),
    "real": Dataset(layout="photos", root="demo", folder="real"),
}


def test_rows_stand_by_pair_id_with_paths_relative_to_the_root(corpus):
    manifest, dropped = run_with(corpus, **DATASETS)
    ids = [row.pair_id for row in manifest]
    drop = next(row for row in manifest if row.dataset == "raindrop")

    assert sorted(ids) == ids
    assert "raindrop/train/data/0_rain" == drop.pair_id
    assert ("raindrop/train/data/0_rain.png", "raindrop/train/gt/0_clean.png") == (drop.input, drop.target)
    assert (("drd",), "real", "train", "demo") == (drop.rain_types, drop.origin, drop.role, drop.root)
    assert ["real", "real"] == [row.role for row in manifest if row.dataset == "real"]
    assert ["gt-rain:s"] == [row.group for row in manifest if row.dataset == "gt-rain"]
    assert [("raindrop/train/data/1_rain", "orphan")] == [(d.pair_id, d.reason) for d in dropped]


def test_the_report_counts_rows_and_reasons(corpus):
    run_with(corpus, **DATASETS)
    report = json.loads((corpus / "reports/raw_datasets.json").read_text())

    assert {"pairs": 2, "photos": 2, "dropped": 1} == report["counts"]
    assert {"orphan": 1} == report["reasons"]
    assert {"drd": 1, "luma:drs|nrs": 1} == report["types"]
    assert {"gt-rain": 1, "raindrop": 1, "real": 2} == report["datasets"]


def test_the_report_counts_the_files_that_no_layout_takes_with_a_few_names(corpus):
    plant(
        corpus / "data/sample_corpus/demo/raindrop", "train/mask/0.png", "readme.txt", ".git/config", "z.txt"
    )
    run_with(corpus, **DATASETS)
    foreign = json.loads((corpus / "reports/raw_datasets.json").read_text())["foreign"]

    examples = ".git/config, readme.txt, train/mask/0.png"
    assert [{"dataset": "raindrop", "files": 4, "examples": examples}] == foreign


def test_a_second_run_writes_the_same_bytes(corpus):
    files = ["data/raw/manifest.parquet", "data/raw/dropped.parquet", "reports/raw_datasets.json"]
    run_with(corpus, **DATASETS)
    first = [(corpus / f).read_bytes() for f in files]
    run_with(corpus, **DATASETS)

    assert first == [(corpus / f).read_bytes() for f in files]


def test_a_changed_picture_changes_its_hash_alone(corpus):
    before, _ = run_with(corpus, **DATASETS)
    (corpus / "data/sample_corpus/demo/real/a.jpg").write_bytes(b"another")
    after, _ = run_with(corpus, **DATASETS)

    assert ["real/a"] == [a.pair_id for a, b in zip(after, before, strict=True) if a != b]


def test_a_git_lfs_pointer_is_dropped_with_its_reason(corpus):
    pointer = corpus / "data/sample_corpus/demo/raindrop/train/gt/0_clean.png"
    pointer.write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    _, dropped = run_with(corpus, **DATASETS)

    assert ("raindrop/train/data/0_rain", "git_lfs_pointer") in [(d.pair_id, d.reason) for d in dropped]


def test_a_corpus_that_params_does_not_name_is_removed_and_not_listed(corpus):
    plant(corpus / "data/sample_corpus", "old/x/input/1.png")
    run_with(corpus, **DATASETS)

    assert ["demo"] == sorted(p.name for p in (corpus / "data/sample_corpus").iterdir() if p.is_dir())


def test_a_dataset_outside_the_project_needs_no_link(tmp_path):
    project, far = tmp_path / "project", tmp_path / "far"
    plant(far, "x/input/1.png", "x/target/1.png")
    project.mkdir()
    (project / "roots.local.yaml").write_text(f"far: {far}\n")
    mine = Dataset(layout="paired", root="far", folder="x", rain_types=("nrs",), origin="real")
    (row,), _ = run_with(project, mine=mine)

    assert ("mine/input/1", "x/input/1.png", ("nrs",), "real") == (
        row.pair_id,
        row.input,
        row.rain_types,
        row.origin,
    )


def refuses(root, dataset, match):
    with pytest.raises(MissingInputError, match=match):
        run_with(root, mine=dataset)


def test_an_unknown_root_says_which_key_to_set_and_which_tree_is_expected(corpus):
    match = r"add the line `mine: /folder.*roots\.local\.yaml.*layout 'raindrop' expects.*train/data/0_rain.png beside"
    refuses(corpus, Dataset(layout="raindrop", root="mine"), match)


def test_an_absent_folder_is_named(corpus):
    refuses(corpus, Dataset(layout="raindrop", root="demo", folder="gone"), r"demo/gone does not exist")


def test_an_empty_folder_is_named(corpus):
    (corpus / "data/sample_corpus/demo/void").mkdir()
    refuses(corpus, Dataset(layout="raindrop", root="demo", folder="void"), r"no picture below .*void")


def test_another_tree_is_answered_with_the_layouts_that_would_match(corpus):
    match = r"3 pictures below .* none where the layout looks.*would match: raindrop"
    refuses(corpus, Dataset(layout="gtav-nightrain", root="demo", folder="raindrop"), match)


def test_rainy_pictures_without_any_partner_are_answered_with_where_it_would_be(corpus):
    plant(corpus / "data/sample_corpus/demo", "half/input/1.png")
    match = (
        r"1 rainy pictures .* no clean partner, the first is input/1.png, its partner would be target/1.png"
    )
    refuses(corpus, Dataset(layout="paired", root="demo", folder="half", rain_types=("drs",)), match)


def test_an_unknown_layout_is_answered_with_the_nearest(corpus):
    with pytest.raises(ConfigError, match=r"'rain200' is not in the catalogue; nearest: rain200"):
        run_with(corpus, mine=Dataset(layout="rain200", root="demo"))


def test_an_empty_pool_is_refused(corpus):
    with pytest.raises(ConfigError, match="name a dataset"):
        run_with(corpus)


def test_the_stage_names_its_artefacts():
    assert ("data/raw", "reports/raw_datasets.json") == raw_datasets.WRITES


FURTHER = Dataset(layout="urir-8k", root="urir-8k", role="train", optional=True)
BY_DAY = ("drs", "drd")


def test_an_optional_dataset_without_a_folder_is_left_out_with_a_line_and_a_count(corpus):
    with_it, _ = run_with(corpus, BY_DAY, **DATASETS, urir=FURTHER)
    report = json.loads((corpus / "reports/raw_datasets.json").read_text())
    (note,) = [note for note in report["notes"] if note.startswith("urir")]
    without, _ = run_with(corpus, BY_DAY, **DATASETS)

    assert with_it == without
    assert 1 == report["counts"]["datasets_left_out"]
    assert "left out, because it is optional" in note
    assert "add the line `urir-8k: /folder/of/the/dataset` to roots.local.yaml" in note
    plant(corpus / "urir", "RS/input/1.png", "RS/target/1.png")
    (corpus / "roots.local.yaml").write_text("urir-8k: urir\n")
    assert "urir/RS/input/1" in {row.pair_id for row in run_with(corpus, BY_DAY, **DATASETS, urir=FURTHER)[0]}


def test_an_optional_dataset_that_has_a_folder_is_used_or_its_fault_is_said(corpus):
    (corpus / "roots.local.yaml").write_text("urir-8k: gone\n")
    with pytest.raises(MissingInputError, match=r"urir-8k: .*gone does not exist"):
        run_with(corpus, BY_DAY, **DATASETS, urir=FURTHER)
    plant(corpus / "gone", "RS/input/1.png", "RS/target/1.png")
    manifest, _ = run_with(corpus, BY_DAY, **DATASETS, urir=FURTHER)

    assert "urir/RS/input/1" in {row.pair_id for row in manifest}


def test_a_rain_type_that_only_an_absent_dataset_would_fill_is_refused(corpus):
    only_night = Dataset(layout="gtav-nightrain", root="gtav", optional=True)
    pool = {"raindrop": DATASETS["raindrop"], "real": DATASETS["real"], "gtav": only_night}
    with pytest.raises(MissingInputError, match=r"pairs of 'nrs'.*gtav: left out.*`gtav: /folder"):
        run_with(corpus, ("drd", "nrs"), **pool)
