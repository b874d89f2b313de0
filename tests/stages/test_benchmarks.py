"""Scores and tables over a tiny project: a small untrained network beside the rainy input."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from skimage import data

from tests.engine.in_process import InProcess
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Dropped, Score, SplitRow
from unirain_core.config.sections import BenchmarkScores, Method, Network, Pictures, RainType, Variant
from unirain_core.config.splits import Benchmark
from unirain_core.errors import ChangedInputError, GateError, MissingArtefactError
from unirain_core.evaluation import lpips
from unirain_core.evaluation.metrics import METRICS
from unirain_core.evaluation.summary import picture_name
from unirain_core.imaging.codec import file_hash, read_rgb, to_uint8, write_png
from unirain_core.imaging.protocols import psnr_by, ssim_by
from unirain_core.model import checkpoint
from unirain_core.model.architecture import build
from unirain_core.stages import baseline_scores, benchmark_scores, benchmark_tables, pictures
from unirain_core.tracking import figures
from unirain_core.tracking.events import Finish, Start
from unirain_core.tracking.journal import Journal

NETWORK = Network(dim=8, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=2.0, shuffle=2)
VARIANTS = {"small": Variant(split="rainrag", network="n", strategy="s")}
METHODS = {"input": Method(kind="input")}
TYPES = (RainType("drs"), RainType("nrd"))


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "unirain_core.engine.rows.make_engine", InProcess
    )  # worker processes would load torch, each of them
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    (tmp_path / "pictures").mkdir()
    (tmp_path / "roots.local.yaml").write_text("here: pictures\n")
    clean = np.ascontiguousarray(data.astronaut()[:64, :80])
    for split, count in (("test", 4), ("unfiltered", 2)):
        rows = [pair(tmp_path, f"{split}/{n}", np.roll(clean, n, axis=0), TYPES[n % 2]) for n in range(count)]
        tables.write(tmp_path / f"data/split/{split}.parquet", rows, SplitRow)
    checkpoint.save(tmp_path / "data/checkpoints/small", build(NETWORK, seed=0), NETWORK, {})
    return tmp_path


def pair(project, pair_id, clean, kind):
    noise = np.random.default_rng(len(pair_id) + clean[0, 0, 0]).random((*clean.shape[:2], 1)) > 0.95
    names = [f"{pair_id.replace('/', '_')}_{side}.png" for side in ("rainy", "clean")]
    for name, picture in zip(names, (to_uint8(np.maximum(clean / 255, noise)), clean), strict=True):
        write_png(project / "pictures" / name, picture)
    hashes = [file_hash(project / "pictures" / name) for name in names]
    return SplitRow(
        pair_id=pair_id,
        rain_type=kind,
        scene_id=pair_id,
        root="here",
        input=names[0],
        target=names[1],
        halves=None,
        input_hash=hashes[0],
        target_hash=hashes[1],
    )


def score_small(project):
    benchmark_scores.run(
        project,
        variants=VARIANTS,
        benchmark_scores=BenchmarkScores(),
        benchmarks={},
        partition="small",
    )


def score_input(project):
    baseline_scores.run(
        project, methods=METHODS, benchmark_scores=BenchmarkScores(), benchmarks={}, partition="input"
    )


def run_all(project):
    score_small(project)
    score_input(project)
    benchmark_tables.run(
        project,
        variants=VARIANTS,
        methods=METHODS,
        benchmarks={},
        rain_types=TYPES,
    )
    pictures.run(project, pictures=Pictures(), variants=VARIANTS, methods=METHODS, rain_types=TYPES)


def read_scores(project, place, metric="psnr"):
    rows = tables.read(project / "data/scores" / place / "scores.parquet", Score)
    return [row for row in rows if metric in (row.metric, None)]


def values_of(project, place, pair_id):
    rows = read_scores(project, place, None)
    return {row.metric: row.value for row in rows if row.pair_id == pair_id}


def picture_of(project, pair_id, side):
    return read_rgb(project / "pictures" / f"{pair_id.replace('/', '_')}_{side}.png")


def test_a_row_is_one_metric_of_one_pair_in_the_order_of_benchmarks_pairs_and_metrics(project):
    run_all(project)
    pairs = [
        *(("test", f"test/{n}") for n in range(4)),
        *(("unfiltered", f"unfiltered/{n}") for n in range(2)),
    ]
    rows = read_scores(project, "benchmark/small", None)

    assert [(r.benchmark, r.pair_id, r.metric) for r in rows] == [
        (*pair, metric) for pair in pairs for metric in ("psnr", "ssim", "colour_shift")
    ]
    assert {("small", "unirain")} == {(r.method, r.protocol) for r in rows}


def test_scores_are_those_of_the_written_pictures(project):
    run_all(project)
    for n in range(4):
        pair_id = f"test/{n}"
        restored = read_rgb(project / "data/scores/benchmark/small/pictures" / picture_name(pair_id))
        clean, rainy = (picture_of(project, pair_id, side) for side in ("clean", "rainy"))

        assert values_of(project, "benchmark/small", pair_id) == {
            "psnr": psnr_by("unirain", restored, clean),
            "ssim": ssim_by("unirain", restored, clean),
            "colour_shift": abs(restored.mean(axis=(0, 1)) - rainy.mean(axis=(0, 1))).max(),
        }


def test_the_input_s_scores_compare_the_rainy_picture_with_the_clean_one_and_it_shifts_no_colour(project):
    run_all(project)
    rainy, clean = (picture_of(project, "test/0", side) for side in ("rainy", "clean"))

    assert values_of(project, "baseline/input", "test/0") == {
        "psnr": psnr_by("unirain", rainy, clean),
        "ssim": ssim_by("unirain", rainy, clean),
        "colour_shift": 0.0,
    }


def test_table_1_has_a_column_of_colour_shifts_whose_smallest_is_marked(project):
    run_all(project)
    head, _, of_input, _ = (project / "data/tables/table1.md").read_text().splitlines()[4:8]

    assert head == "| method | drs | nrd | average | colour shift |"
    assert of_input.endswith("| **0.00** |")


def test_another_checkpoint_is_scored_anew_and_an_equal_one_is_not(project):
    run_all(project)
    first = read_scores(project, "benchmark/small")
    for file in (project / "pictures").iterdir():
        file.rename(file.with_name("away_" + file.name))
    score_small(project)

    assert first == read_scores(project, "benchmark/small")
    for file in (project / "pictures").iterdir():
        file.rename(file.with_name(file.name.removeprefix("away_")))
    other = build(NETWORK, seed=1)
    for weight in other.parameters():
        weight.data.add_(0.02)
    checkpoint.save(project / "data/checkpoints/small", other, NETWORK, {})
    score_small(project)
    changed = zip(first, read_scores(project, "benchmark/small"), strict=True)
    assert all(old.value != new.value for old, new in changed)


def test_the_table_s_figures_are_means_of_the_rows(project):
    run_all(project)
    report = json.loads((project / "reports/benchmark_tables.json").read_text())
    rows = [
        r for r in read_scores(project, "baseline/input") if r.benchmark == "test" and r.rain_type == "drs"
    ]

    assert report["table1"]["input"]["drs"]["psnr"] == pytest.approx(
        sum(r.value for r in rows) / len(rows), abs=1e-6
    )
    assert set(report["table1"]) == {"input", "small"}
    assert set(report["table1_unfiltered"]["small"]) == {"drs", "nrd", "average"}


def test_each_method_has_a_row_of_the_averages_as_the_table_prints_them(project):
    run_all(project)
    table = json.loads((project / "reports/benchmark_tables.json").read_text())["table1"]
    rows = {f.stem: json.loads(f.read_text()) for f in (project / "data/tables/metrics").iterdir()}

    assert set(rows) == {"input", "small"}
    for name, row in rows.items():
        assert set(row) == {"psnr", "ssim", "colour_shift", "worst_psnr"}
        assert row["psnr"] == round(table[name]["average"]["psnr"], 2)
        assert row["ssim"] == round(table[name]["average"]["ssim"], 4)
        assert row["worst_psnr"] == round(min(table[name][t]["psnr"] for t in ("drs", "nrd")), 2)


def test_the_row_of_a_method_that_params_lost_is_gone(project):
    run_all(project)
    old = project / "data/tables/metrics/gone.json"
    old.write_text("{}")
    run_all(project)

    assert not old.exists()


def test_the_figures_of_the_tables_stand_beside_the_journal_of_their_training(project, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setattr("unirain_core.tracking.mirror.ATTEMPTS", 0)
    sha256 = checkpoint.describe(project / "data/checkpoints/small").sha256
    folder = project / "home/runs/small"
    start = Start(key="k", variant="small", params={}, tags={}, datasets=[])
    Journal.begin(folder, start).finish(Finish(metrics={}, checkpoint="c", sha256=sha256, psnr=1.0))
    run_all(project)
    report = json.loads((project / "reports/benchmark_tables.json").read_text())
    beside = figures.beside(folder)

    assert beside is not None
    for benchmark, table in (("test", "table1"), ("unfiltered", "table1_unfiltered")):
        for column, cell in report[table]["small"].items():
            for metric, value in cell.items():
                assert beside.metrics[f"{benchmark}/{metric}/{column}"] == pytest.approx(value, abs=1e-6)
    assert beside.tables["table1.md"].read_bytes() == (project / "data/tables/table1.md").read_bytes()
    assert set(beside.tables) == {"table1.md", "table1.csv"}


def test_two_seeds_share_a_line_of_the_table_and_each_run_keeps_its_own_figures(project, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setattr("unirain_core.tracking.mirror.ATTEMPTS", 0)
    seeds = {"small": VARIANTS["small"], "again": dataclasses.replace(VARIANTS["small"], seed=1)}
    checkpoint.save(project / "data/checkpoints/again", build(NETWORK, seed=1), NETWORK, {})
    for name in seeds:
        sha256 = checkpoint.describe(project / "data/checkpoints" / name).sha256
        start = Start(key=name, variant=name, params={}, tags={}, datasets=[])
        journal = Journal.begin(project / "home/runs" / name, start)
        journal.finish(Finish(metrics={}, checkpoint="c", sha256=sha256, psnr=1.0))
        benchmark_scores.run(
            project, variants=seeds, benchmark_scores=BenchmarkScores(), benchmarks={}, partition=name
        )
    benchmark_tables.run(project, variants=seeds, methods={}, benchmarks={}, rain_types=TYPES)
    line = json.loads((project / "reports/benchmark_tables.json").read_text())["table1"]
    own = {}
    for name in seeds:
        of_drs = [
            row.value
            for row in read_scores(project, f"benchmark/{name}")
            if (row.benchmark, row.rain_type) == ("test", "drs")
        ]
        beside = figures.beside(project / "home/runs" / name)
        assert beside is not None
        own[name] = beside.metrics["test/psnr/drs"]
        assert own[name] == pytest.approx(np.mean(of_drs))

    assert own["small"] != own["again"]
    assert line.keys() == {"small"}
    assert line["small"]["drs"]["psnr"] == pytest.approx(np.mean(list(own.values())), abs=1e-6)


def test_the_page_of_pictures_shows_one_seed_of_a_training_and_the_rain_types_in_their_order(project):
    run_all(project)
    seeds = {
        name: dataclasses.replace(VARIANTS["small"], seed=n) for n, name in enumerate(("small", "again"))
    }
    shutil.copytree(project / "data/scores/benchmark/small", project / "data/scores/benchmark/twin")
    pictures.run(project, pictures=Pictures(), variants=seeds, methods=METHODS, rain_types=TYPES[::-1])
    text = (project / "data/pages/pictures/pictures.html").read_text()

    assert "small" in text
    assert "twin" not in text
    assert text.index("nrd: test/") < text.index("drs: test/")


def test_scores_that_params_does_not_name_are_removed(project):
    run_all(project)
    old = project / "data/scores/benchmark/gone"
    tables.write(old / "scores.parquet", [], Score)
    run_all(project)

    assert not old.exists()


def test_the_same_scores_give_the_same_bytes(project):
    run_all(project)
    files = [f for f in (project / "data").rglob("*") if f.is_file()] + list(
        (project / "reports").rglob("*.json")
    )
    before = {file: file.read_bytes() for file in files}
    run_all(project)

    assert before == {file: file.read_bytes() for file in files}
    assert {"table1.md", "table1.csv", "table1_test.tex", "table1_unfiltered.tex", "metrics"} == {
        f.name for f in (project / "data/tables").iterdir()
    }


def test_the_page_of_pictures_shows_a_pair_of_each_type_with_every_method(project):
    run_all(project)
    folder = project / "data/pages/pictures"
    html = (folder / "pictures.html").read_text()
    scores = [values_of(project, "baseline/input", f"test/{n}") for n in range(4)]
    notes = [f"{values['psnr']:.2f} dB / {values['ssim']:.4f}" for values in scores]

    assert {"pictures.html", "pictures.png"} == {f.name for f in folder.iterdir()}
    assert 2 == html.count("<h2>")  # one pair of each of the two types
    assert 2 * 3 == html.count("<figure>")  # rainy, small, clean
    assert 2 == sum(note in html for note in notes)
    assert json.loads((project / "reports/pictures.json").read_text())["counts"] == {"rows": 2}


@dataclasses.dataclass(frozen=True)
class Brightness:
    """A distance that needs no weights."""

    weights_hash: str = "brightness"

    def distance(self, restored, clean):
        return float(abs(restored.mean() - clean.mean()))


class Fickle(Brightness):
    """One that does not apply to the first pair."""

    def distance(self, restored, clean):
        first = np.array_equal(clean, data.astronaut()[:64, :80])
        return None if first else super().distance(restored, clean)


def test_lpips_has_rows_and_a_place_in_the_cells_once_its_weights_are_at_hand(project, monkeypatch):
    run_all(project)
    before = read_scores(project, "baseline/input", None)
    monkeypatch.setattr(lpips, "at_hand", Brightness)
    run_all(project)
    after = read_scores(project, "baseline/input", None)
    rainy, clean = (picture_of(project, "test/0", side) for side in ("rainy", "clean"))

    assert before == [row for row in after if row.metric != "lpips"]
    assert 6 == len(after) - len(before)
    assert abs(rainy.mean() - clean.mean()) == values_of(project, "baseline/input", "test/0")["lpips"]
    assert "/ LPIPS" in (project / "data/tables/table1.md").read_text()


def test_lpips_without_weights_has_no_row_and_the_table_says_what_to_supply(project):
    run_all(project)

    assert [] == read_scores(project, "benchmark/small", "lpips")
    for place in ("data/tables/table1.md", "reports/benchmark_tables.json"):
        assert "LPIPS n/a: weights not found" in (project / place).read_text()


def test_a_metric_that_does_not_apply_to_a_pair_has_no_row_and_its_cell_says_so(project, monkeypatch):
    monkeypatch.setattr(lpips, "at_hand", Fickle)
    run_all(project)

    assert "lpips" not in values_of(project, "baseline/input", "test/0")
    assert "lpips" in values_of(project, "baseline/input", "test/1")
    assert "(only 1 of 2 pictures)" in (project / "data/tables/table1.md").read_text()


def test_a_report_says_by_which_weights_each_metric_was_measured(project, monkeypatch):
    monkeypatch.setattr(lpips, "at_hand", Brightness)
    score_input(project)
    measured = json.loads((project / "reports/baseline_scores/input.json").read_text())["metrics"]

    assert {metric.name for metric in METRICS} == set(measured)
    assert ("unirain", "brightness") == (measured["psnr"], measured["lpips"])


def test_a_metric_that_is_gone_finds_the_scores_of_before_in_the_store(project, monkeypatch):
    score_input(project)
    before = read_scores(project, "baseline/input", None)
    monkeypatch.setattr(lpips, "at_hand", Brightness)
    score_input(project)
    monkeypatch.setattr(lpips, "at_hand", lambda: None)
    for file in (project / "pictures").iterdir():
        file.unlink()  # nothing can be scored anew
    score_input(project)

    assert before == read_scores(project, "baseline/input", None)


def test_a_variant_that_was_not_trained_names_the_stage_that_trains(project):
    for file in (project / "data/checkpoints/small").iterdir():
        file.unlink()

    with pytest.raises(MissingArtefactError, match="trained_checkpoint"):
        run_all(project)


def test_a_split_without_pairs_of_a_type_gives_a_cell_that_says_so(project):
    path = project / "data/split/test.parquet"
    rows = [dataclasses.replace(row, rain_type="drs") for row in tables.read(path, SplitRow)]
    tables.write(path, rows, SplitRow)
    run_all(project)

    assert "no pair in test" in (project / "data/tables/table1.md").read_text()


def test_a_pair_that_cannot_be_scored_leaves_every_line_and_is_named(project):
    broken = project / "pictures/test_0_clean.png"
    broken.write_bytes(b"no picture")
    rows = tables.read(project / "data/split/test.parquet", SplitRow)
    rows[0] = dataclasses.replace(rows[0], target_hash=file_hash(broken))
    tables.write(project / "data/split/test.parquet", rows, SplitRow)
    for run in (score_small, score_input):
        run(project)
    dropped = tables.read(project / "data/scores/benchmark/small/dropped.parquet", Dropped)
    benchmark_tables.run(project, variants=VARIANTS, methods=METHODS, benchmarks={}, rain_types=TYPES)
    text = (project / "data/tables/table1.md").read_text()

    assert [("test/0", "unreadable")] == [(row.pair_id, row.reason) for row in dropped]
    assert "1 pairs are left out of every line" in text
    assert "test/0 (input: unreadable)" in text


def test_table_1_compares_only_pairs_that_every_method_was_scored_on(project):
    score_small(project)
    score_input(project)
    gone = Dropped(pair_id="test/1", dataset="test", reason="out_of_memory", other=None)
    folder = project / "data/scores/baseline/input"
    tables.write(folder / "dropped.parquet", [gone], Dropped)
    kept = [row for row in read_scores(project, "baseline/input", None) if row.pair_id != "test/1"]
    tables.write(folder / "scores.parquet", kept, Score)
    benchmark_tables.run(project, variants=VARIANTS, methods=METHODS, benchmarks={}, rain_types=TYPES)
    report = json.loads((project / "reports/benchmark_tables.json").read_text())
    of_small = [r for r in read_scores(project, "benchmark/small") if r.pair_id == "test/3"]

    assert TYPES[1] == of_small[0].rain_type  # of its type only this pair is left
    assert round(of_small[0].value, 6) == report["table1"]["small"][TYPES[1]]["psnr"]
    assert any("test/1 (input: out_of_memory)" in note for note in report["notes"])


def test_methods_that_were_scored_on_other_pictures_make_no_table(project):
    score_small(project)
    score_input(project)
    folder = project / "data/scores/baseline/input"
    rows = read_scores(project, "baseline/input", None)
    tables.write(folder / "scores.parquet", [dataclasses.replace(rows[0], data_hash="old"), *rows[1:]], Score)

    with pytest.raises(GateError, match=r"not scored on the same pictures: .*run `dvc repro"):
        benchmark_tables.run(project, variants=VARIANTS, methods=METHODS, benchmarks={}, rain_types=TYPES)


def test_a_picture_exchanged_after_the_split_is_never_scored(project):
    write_png(project / "pictures/test_0_rainy.png", np.zeros((64, 80, 3), np.uint8))

    with pytest.raises(ChangedInputError, match=r"test_0_rainy\.png has changed since it was listed"):
        score_input(project)


def test_two_named_test_sets_of_one_rain_type_are_two_columns_of_table_2(project):
    """As RainDS-real RD and RDS, whose pictures all count as drops."""
    clean = np.ascontiguousarray(data.astronaut()[64:128, :80])
    sizes = {"rd": 3, "rds": 2}
    for name, count in sizes.items():
        rows = [pair(project, f"{name}/{n}", np.roll(clean, n, axis=1), "nrd") for n in range(count)]
        tables.write(project / f"data/benchmarks/{name}.parquet", rows, SplitRow)
    named = {name: Benchmark(sources=("set",)) for name in sizes}
    baseline_scores.run(
        project, methods=METHODS, benchmark_scores=BenchmarkScores(), benchmarks=named, partition="input"
    )
    benchmark_tables.run(project, variants={}, methods=METHODS, benchmarks=named, rain_types=TYPES)
    measured = {
        name: [row.value for row in read_scores(project, "baseline/input") if row.benchmark == name]
        for name in sizes
    }
    figures = json.loads((project / "reports/benchmark_tables.json").read_text())["table2"]["input"]
    text = (project / "data/tables/table2.md").read_text()

    assert sizes == {name: len(values) for name, values in measured.items()}
    for name, values in measured.items():
        assert pytest.approx(np.mean(values), abs=1e-6) == figures[name]["psnr"]
    assert (
        pytest.approx(np.mean([np.mean(v) for v in measured.values()]), abs=1e-6)
        == figures["average"]["psnr"]
    )
    assert "| method | rd | rds | average |" in text
    assert "## rds" in (project / "data/tables/table1.md").read_text(), "by rain type as well"
