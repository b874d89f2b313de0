import base64
import io
import json
import re

import dagster as dg
import numpy as np
import pytest
from PIL import Image

from unirain_assets import graph, metadata
from unirain_core.artefacts import report
from unirain_core.artefacts.report import Report
from unirain_core.config.pipeline import Step


@pytest.fixture
def step(toy):
    return next(s for s in graph.read(toy).steps if s.address == "train@ours")


@pytest.fixture
def write(toy, step):
    def written(**figures):
        counts, reasons = {"kept": 3, "dropped": 1}, {"truncated": 1}
        path = toy / step.report
        path.parent.mkdir(parents=True, exist_ok=True)
        content = Report(
            stage="train", counts=counts, reasons=reasons, notes=["slow | sure"], figures=figures
        )
        report.write(path, content)
        return {name: value.value for name, value in metadata.shown(toy, step).items()}

    return written


def picture(path, side):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)).save(path)


def test_counts_are_numbers_that_dagster_can_plot(write):
    shown = write()

    assert (shown["counts/kept"], shown["counts/dropped"]) == (3, 1)


def test_reasons_are_a_table_and_notes_a_list(write):
    shown = write()

    assert shown["reasons"] == "| reason | rows |\n| --- | --- |\n| truncated | 1 |"
    assert shown["notes"] == "- slow | sure"


@pytest.mark.parametrize(
    ("figure", "shown"),
    [
        (2, 2),
        (0.5, 0.5),
        (True, True),
        ("statistics", "statistics"),
        (["a", "b"], "a, b"),
        (
            [{"type": "drs", "val_psnr": 30.126, "ssim": 0.9, "weight": 0.25}],
            "| type | ssim | val_psnr | weight |\n| --- | --- | --- | --- |\n| drs | 0.9000 | 30.13 | 0.2500 |",
        ),
        ([{"a": 1}, {"b": None}], "| a | b |\n| --- | --- |\n| 1 |  |\n|  |  |"),
        ({"drs": 1}, "| name | value |\n| --- | --- |\n| drs | 1 |"),
        ({"drs": {"psnr": 1}}, "| name | psnr |\n| --- | --- |\n| drs | 1 |"),
        ({"a|b": "c\nd"}, "| name | value |\n| --- | --- |\n| a\\|b | c d |"),
    ],
)
def test_a_figure_is_shown_in_its_form(write, figure, shown):
    assert write(figure=figure)["figure"] == shown


def test_a_table_of_several_numbers_a_cell_is_shown_as_a_table_for_each(write):
    shown = write(figure={"ours": {"drs": {"psnr": 30.126, "ssim": 0.9}, "drd": None}})

    assert "figure" not in shown
    assert shown["figure/psnr"] == "| name | drs |\n| --- | --- |\n| ours | 30.13 |"
    assert shown["figure/ssim"] == "| name | drs |\n| --- | --- |\n| ours | 0.9000 |"


def test_rain_types_stand_in_the_order_of_params_and_words_keep_theirs(toy, write):
    (toy / "params.yaml").write_text("rain_types: [nrs, drs]\n")
    means = [
        {"benchmark": benchmark, "rain_type": rain_type, "psnr": psnr}
        for benchmark, rain_type, psnr in [
            ("z", "drs", 1.0),
            ("z", "nrs", 2.0),
            ("a", "nrs", 3.0),
            ("a", "drs", 4.0),
        ]
    ]
    shown = write(by_type={"val": {"drs": 1, "nrs": 2, "total": 3}}, types={"drs": 1, "nrs": 2}, means=means)

    assert shown["by_type"].splitlines()[0] == "| name | nrs | drs | total |"
    assert shown["types"].splitlines()[2:] == ["| nrs | 2 |", "| drs | 1 |"]
    assert shown["means"].splitlines()[2:] == [
        "| z | nrs | 2.00 |", "| z | drs | 1.0000 |", "| a | nrs | 3.00 |", "| a | drs | 4.00 |",
    ]  # fmt: skip


def test_a_table_that_the_stage_wrote_itself_is_shown_with_its_best_figures_marked(toy, step, write):
    table = "| method | drs |\n| --- | --- |\n| ours | **30.12** |\n"
    file = toy / "data/train/ours/table1.md"
    file.parent.mkdir(parents=True)
    file.write_text(f"## test\n\nPSNR in dB.\n\n{table}\n## unfiltered\n\n{table}\nLPIPS n/a.\n")
    shown = write(table1={"ours": {"drs": {"psnr": 30.125, "ssim": 0.9}}}, protocol="unirain")

    assert shown["table1: test"] == f"PSNR in dB.\n\n{table}"
    assert (shown["table1: unfiltered"], shown["protocol"]) == (table, "unirain")
    assert not any(name.startswith("table1/") for name in shown)


def test_a_number_of_a_table_keeps_its_spread_and_the_verdict_stands_beneath(toy, step):
    row = "| ours (3 seeds) | **26.41** ± 0.33 / 0.8244 ± 0.0070 |"
    table = f"| method | drs |\n| --- | --- |\n{row}\n"
    file = toy / "data/train/ours/table1.md"
    file.parent.mkdir(parents=True)
    said = "test: ours is ahead of b by 1 ± 2 dB in the average PSNR.\n\ntest: ours is ahead of c by 2 ± 3 dB.\n\nLPIPS n/a.\n"
    file.write_text(f"## test\n\nPSNR / SSIM. ±: spread.\n\n{table}\n## unfiltered\n\n{table}\n{said}")
    shown = {name: str(value.value) for name, value in metadata.shown(toy, step).items()}
    unbroken = "**26.41**\u00a0±\u00a00.33\u00a0/ 0.8244\u00a0±\u00a00.0070"

    assert shown["table1: test"].startswith("PSNR / SSIM. ±: spread.\n\n| method | drs |\n| --- | --- |\n")
    assert f"| ours (3 seeds) | {unbroken} |" in shown["table1: test"]
    assert list(shown)[:3] == ["table1: test", "table1: test, in words", "table1: unfiltered"]
    assert shown["table1: test, in words"] == (
        "ours is ahead of b by 1 ± 2 dB in the average  \nPSNR.\n\nours is ahead of c by 2 ± 3 dB."
    )
    assert not any("LPIPS" in value for value in shown.values())


def test_a_text_too_long_for_the_event_log_is_left_on_the_disk(toy, step):
    file = toy / "data/train/ours/leakage.md"
    file.parent.mkdir(parents=True)
    file.write_text("long " * 20_000)

    assert metadata.shown(toy, step) == {}


@pytest.mark.parametrize("figure", [None, [], {}])
def test_an_empty_figure_is_not_shown(write, figure):
    assert "figure" not in write(figure=figure)


def test_a_step_that_has_not_run_shows_nothing(toy, step):
    assert metadata.shown(toy, step) == {}


def test_notes_come_first(write):
    assert next(iter(write())) == "notes"


def names(shown):
    return re.findall(r"!\[(.+?)\]", str(shown["pictures"].value))


def test_a_picture_is_embedded_as_a_small_preview(toy, step):
    picture(toy / "data/train/ours/pages/large.png", 1500)
    (shown,) = metadata.shown(toy, step).items()
    found = re.fullmatch(r"!\[large\]\(data:image/webp;base64,(.+)\)", str(shown[1].value))

    assert found
    assert shown[0] == "pictures"
    assert Image.open(io.BytesIO(base64.b64decode(found[1]))).size == (1000, 1000)


@pytest.mark.parametrize("keep", [0, 20, 100])
def test_a_broken_picture_is_passed_over(toy, step, keep):
    whole, broken = (toy / f"data/train/ours/{name}.png" for name in ("whole", "broken"))
    picture(whole, 8)
    broken.write_bytes(whole.read_bytes()[:keep])

    assert ["whole"] == names(metadata.shown(toy, step))


def test_a_picture_of_more_pixels_than_pillow_opens_is_passed_over(toy, step, monkeypatch):
    picture(toy / "data/train/ours/small.png", 8)
    picture(toy / "data/train/ours/vast.png", 64)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)

    assert ["small"] == names(metadata.shown(toy, step))


def test_of_many_pictures_four_are_shown(toy, step):
    for number in range(100):
        picture(toy / f"data/train/ours/{number:03}.png", 8)

    assert ["000", "025", "050", "075"] == names(metadata.shown(toy, step))


@pytest.mark.parametrize(("stage", "links"), [("trained_checkpoint", 1), ("sample_corpus", 0)])
def test_the_mlflow_run_of_a_variant_is_a_link(tmp_path, monkeypatch, stage, links):
    monkeypatch.delenv("UNIRAIN_HOME", raising=False)
    monkeypatch.setenv("UNIRAIN_MLFLOW_URL", "http://here:1")
    file = tmp_path / ".unirain/runs/ours/mlflow.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"experiment_id": "7", "run_id": "ab", "sent": 3}))
    step = Step(stage=stage, key="ours", command="", deps=(), params={}, outs=(), report="reports/none.json")

    shown = [value.value for value in metadata.shown(tmp_path, step).values()]

    assert shown == ["http://here:1/#/experiments/7/runs/ab?workflowType=machine_learning"] * links


@pytest.mark.parametrize("content", ["", "{", "[]", '{"run_id": "ab"}', "\x00"])
def test_a_damaged_note_of_the_mlflow_run_hides_the_link_alone(tmp_path, monkeypatch, content):
    monkeypatch.delenv("UNIRAIN_HOME", raising=False)
    file = tmp_path / ".unirain/runs/ours/mlflow.json"
    file.parent.mkdir(parents=True)
    file.write_text(content)
    step = Step(stage="trained_checkpoint", key="ours", command="", deps=(), params={}, outs=())

    assert metadata.shown(tmp_path, step) == {}


def test_a_page_is_shown_with_the_place_where_a_browser_finds_it(toy, step):
    page = toy / "data/train/ours/gallery.html"
    page.parent.mkdir(parents=True)
    page.write_text("<p>")

    assert {"page/gallery": str(page)} == {n: v.value for n, v in metadata.shown(toy, step).items()}


def test_a_page_of_the_pipeline_is_a_link_where_pages_are_served(tmp_path, monkeypatch):
    page = tmp_path / "data/pages/gallery/gallery.html"
    page.parent.mkdir(parents=True)
    page.write_text("<p>")
    step = Step(
        stage="gallery",
        key=None,
        command="",
        deps=(),
        params={},
        outs=("data/pages/gallery",),
        report="reports/none.json",
    )
    monkeypatch.setenv("UNIRAIN_PAGES_URL", "http://here:8000")
    (link,) = metadata.shown(tmp_path, step).values()

    assert (type(link), link.value) == (dg.UrlMetadataValue, "http://here:8000/gallery/gallery.html")


@pytest.mark.parametrize(
    ("made_with", "text"),
    [
        (
            {"params": "12ab", "dirty": False},
            "| name | value |\n| --- | --- |\n| dirty | False |\n| params | 12ab |",
        ),
        ({"code": {"a.py": "12ab"}}, "| name | a.py |\n| --- | --- |\n| code | 12ab |"),
    ],
)
def test_what_a_report_says_it_was_made_with_is_a_table(write, made_with, text):
    assert text == write(made_with=made_with)["made_with"]
