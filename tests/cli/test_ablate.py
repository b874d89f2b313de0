"""`unirain ablate data` on a miniature: every finished proxy is a row, and the same command trains only what is missing."""

import csv
import shutil
from dataclasses import replace

import numpy as np
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from benchmarks.tiny_project import ROOT
from tests.end_to_end.conftest import rained, scene
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Pair, PyramidRow, SplitRow, Vote
from unirain_core.cli import ablate, proxy_table
from unirain_core.cli.ablation_report import document
from unirain_core.cli.commands import add_commands
from unirain_core.cli.main import app
from unirain_core.config.load import load_params
from unirain_core.distill import mixtures as choices
from unirain_core.errors import ConfigError
from unirain_core.imaging.codec import file_hash, write_png
from unirain_core.training.proxy_ranks import Proxy

FEW = ("mixed", "distilled", "50% accepted", "accepted by statistics/nss")
JUDGES = ("statistics/directional", "statistics/nss", "statistics/photometric")
PROXY = Proxy(
    mixture="mixed", family="reference", seed=0, steps=300, pairs=4, key="k",
    psnr=dict.fromkeys(("drs", "drd", "nrs", "nrd"), 20.0),
)  # fmt: skip


def pair(root, number):
    """One of 16: every fourth is rejected, and its rainy picture is far from its clean one."""
    clean = scene(number)[:64, :64]
    is_good = number % 4 > 0
    rainy = rained(clean, number) if is_good else np.ascontiguousarray(255 - clean)
    for side, image in (("in", rainy), ("out", clean)):
        write_png(root / f"pictures/{number}{side}.png", image)
    hashes = [file_hash(root / f"pictures/{number}{side}.png") for side in ("in", "out")]
    row = Pair(
        pair_id=f"set/{number:02d}", dataset="set", rain_type=("drs", "nrd")[number // 8], origin="synthetic",
        role="train", root="here", input=f"{number}in.png", target=f"{number}out.png", halves=None,
        scene_id=f"s{number}", width=64, height=64, mode="RGB", clean_hash=b"", input_hash=hashes[0],
        target_hash=hashes[1],
    )  # fmt: skip
    votes = [
        Vote(
            pair_id=row.pair_id, judge=judge, vote=is_good, p_yes=0.9 if is_good else 0.1, threshold=0.5, mass=1.0,
            reply="", reason="", prompt_hash="",
        )
        for judge in JUDGES
    ]  # fmt: skip
    place = "val" if number % 8 == 7 else "train" if is_good else "none"
    level = "distilled" if is_good else "low_fidelity"
    return row, votes, PyramidRow(pair_id=row.pair_id, level=level, reason="accepted", split=place)


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "roots.local.yaml").write_text("here: pictures\n")
    rows, votes, pyramid = zip(*(pair(tmp_path, number) for number in range(16)), strict=True)
    tables.write(tmp_path / "data/verified/pairs.parquet", rows, Pair)
    tables.write(tmp_path / "data/votes/votes.parquet", [vote for own in votes for vote in own], Vote)
    tables.write(tmp_path / "data/split/pyramid.parquet", pyramid, PyramidRow)
    val = [row for row in rows if row.pair_id in ("set/07", "set/15")]
    tables.write(tmp_path / "data/split/val.parquet", [ablate._split_row(row) for row in val], SplitRow)
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["rain_types"] = ["drs", "nrd"]
    params["data_ablation"] |= {
        "steps": 2, "longer": 2, "mixtures_longer": 2, "seeds": 2, "pairs_per_type": 2, "batch_per_type": 1,
        "patch": 16, "val_pictures_per_type": 1,
    }  # fmt: skip
    yaml.dump(params, tmp_path / "params.yaml")
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    every = choices.mixtures
    monkeypatch.setattr(
        choices,
        "mixtures",
        lambda *of: ([one for one in every(*of)[0] if one.name in FEW], {"half set": "is not tried"}),
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "home"))
    return tmp_path


def run(*arguments):
    words = ["ablate", *arguments]
    add_commands(app, words)
    ended = CliRunner().invoke(app, words, catch_exceptions=False)
    assert 0 == ended.exit_code, ended.output
    return ended.output


def rows_of(project, name="proxies.csv"):
    return list(csv.DictReader((project / "reports/ablate_data" / name).open()))


def test_every_mixture_and_seed_is_a_row_and_the_report_ranks_them(project):
    said = run("data")
    rows = rows_of(project)
    short, long = ([row for row in rows if row["steps"] == steps] for steps in ("2", "4"))

    assert {(name, seed) for name in FEW for seed in "01"} == {(row["mixture"], row["seed"]) for row in short}
    assert (8, 4) == (len(short), len(long)), "two mixtures, two seeds"
    assert all(float(row[f"psnr_{kind}"]) > 0 for row in rows for kind in ("drs", "nrd"))
    assert {"4"} == {row["pairs"] for row in rows}
    assert "4 mixtures, 3 different sets of pairs, 2 seeds, 2 steps" in said
    assert "Order of 2 mixtures, trained 4 steps as well" in said
    assert "Left out: half set (is not tried)." in said
    for column in ("drs", "nrd", "average"):
        values: dict[str, list[float]] = {name: [] for name in FEW}
        for row in short:
            of_types = [float(row["psnr_drs"]), float(row["psnr_nrd"])]
            values[row["mixture"]].append(
                float(np.mean(of_types)) if column == "average" else float(row[f"psnr_{column}"])
            )
        best = max(sorted(FEW), key=lambda name: np.mean(values[name]))
        assert (
            f"| {column} | {best} | {np.mean(values[best]):.2f} ± {np.std(values[best], ddof=1):.2f} |"
            in said
        )


def test_below_the_root_the_table_stands_where_it_stands_at_the_root(project, monkeypatch):
    (project / "docs").mkdir()
    monkeypatch.chdir(project / "docs")
    monkeypatch.setattr(ablate._Study, "run", lambda self: [replace(PROXY, steps=2)])
    run("data")

    assert (project / "reports/ablate_data/report.md").exists()
    assert [] == list((project / "docs").iterdir())


def test_a_patch_that_is_larger_than_pictures_is_told_before_any_training(project, monkeypatch, caplog):
    monkeypatch.setattr(ablate._Study, "run", lambda self: [replace(PROXY, steps=2)])
    run("data")
    assert "mirrored" not in caplog.text
    text = (project / "params.yaml").read_text()
    (project / "params.yaml").write_text(text.replace("patch: 16", "patch: 80"))
    run("data")
    said = " ".join(caplog.text.split())

    assert "data_ablation.patch is 80, and 6 of 6 pictures are smaller" in said
    assert (
        "(the smallest has 64 x 64 pixels): they are mirrored at their edges; lower data_ablation.patch"
        in said
    )
    caplog.clear()
    (project / "params.yaml").write_text(text)
    run("data")
    assert "mirrored" not in caplog.text


def test_the_report_warns_of_mixtures_by_judge_where_not_every_judge_was_asked():
    params = load_params(ROOT / "params.yaml")
    proxy = PROXY
    stopping = replace(params, vlm_votes=replace(params.vlm_votes, early_stop=True))
    asking_all = replace(params, vlm_votes=replace(params.vlm_votes, early_stop=False))

    assert "set `vlm_votes.early_stop: false`" in document([proxy], {}, stopping)
    assert "early" not in document([proxy], {}, asking_all)


def test_the_same_command_goes_on_where_it_was_ended(project, monkeypatch):
    whole = run("data")
    table = project / "reports/ablate_data/proxies.csv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(line for line in lines if not line.startswith("mixed,reference,1,2,")))
    trained = []
    import unirain_core.training.proxies as proxies

    train = proxies.train_proxy

    def noted(task):
        trained.append(task)
        return train(task)

    monkeypatch.setattr(proxies, "train_proxy", noted)

    assert whole == run("data")
    assert 1 == len(trained)
    assert sorted(lines) == sorted(table.read_text().splitlines(keepends=True))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("date,value\n1,2\n", "is no table of proxies; move it away, or give another folder with --out"),
        ("mixture,family,seed,steps,pairs,key,psnr_drs\nmixed,reference,0,x,4,k,1\n", "line 2 is malformed"),
        ("mixture,family,seed,steps,pairs,key,psnr_drs\nmixed,reference\n", "line 2 is malformed"),
    ],
)
def test_another_file_or_an_edited_line_is_refused_and_stays(project, content, message):
    table = project / "other/proxies.csv"
    table.parent.mkdir()
    table.write_text(content)
    with pytest.raises(ConfigError, match=message):
        proxy_table.read(table)

    assert content == table.read_text()


def test_a_refused_table_is_read_after_each_edit_that_the_message_names(project):
    header, row = "mixture,family,seed,steps,pairs,key,psnr_drs\n", "mixed,reference,0,2,4,k,20.5\n"
    table = project / "proxies.csv"
    table.write_text(header + row.replace("20.5", "?"))
    with pytest.raises(ConfigError, match="correct or remove the line"):
        proxy_table.read(table)
    table.write_text(header)
    assert {} == proxy_table.read(table)
    table.write_text(header + row)
    assert {"drs": 20.5} == proxy_table.read(table)["mixed", "k"].psnr
    table.write_text("date\n")
    with pytest.raises(ConfigError, match="give another folder with --out"):
        proxy_table.read(table)

    assert {} == proxy_table.read(project / "another/proxies.csv")


def test_other_params_train_anew_and_keep_the_rows_of_before(project):
    run("data")
    n_before = len(rows_of(project))
    text = (project / "params.yaml").read_text()
    (project / "params.yaml").write_text(text.replace("patch: 16", "patch: 24"))
    run("data")

    assert 2 * n_before == len(rows_of(project))
