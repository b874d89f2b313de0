"""`unirain explain` tells one pair's story as far as the stages have come."""

import re

import pytest

from unirain_core.artefacts import tables
from unirain_core.artefacts.meanings import MEANINGS
from unirain_core.artefacts.schemas import Dropped, ManifestRow, PyramidRow, Reference, Score, Verdict, Vote
from unirain_core.cli.explain import explain, story
from unirain_core.errors import ConfigError, MissingArtefactError

ROW = ManifestRow(
    pair_id="set/a/1", dataset="set", rain_types=("drs",), origin="real", role="train", root="here",
    input="a/input/1.png", target="a/target/1.png", halves=None, group="set:a", input_bytes=1234, target_bytes=99,
    input_hash="", target_hash="",
)  # fmt: skip
LOST = Dropped(pair_id="set/a/2", dataset="set", reason="orphan", other="a/target/2.png")


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tables.write(tmp_path / "data/raw/manifest.parquet", [ROW], ManifestRow)
    tables.write(tmp_path / "data/raw/dropped.parquet", [LOST], Dropped)
    return tmp_path


def test_a_listed_pair_tells_where_it_stands(project):
    text = "\n".join(story("set/a/1", project))

    for part in (
        "dataset set, drs, real, role train",
        "here: a/input/1.png (1,234 bytes)",
        "group      set:a",
    ):
        assert part in text


def test_a_dropped_pair_tells_why(project):
    assert "orphan: the rainy picture has no clean partner" in story("set/a/2", project)[1]


def test_a_judged_pair_tells_references_votes_verdict_level_and_scores(project, capsys):
    data = project / "data"
    reference = Reference(
        pair_id="set/a/1", rank=0, reference_id="real/7", s_txt=0.25, s_vis=0.5, s_perc=0.75
    )
    vote = Vote(
        pair_id="set/a/1", judge="statistics/nss", vote=None, p_yes=0.5, threshold=0.5, mass=1.0, reply="", reason="far from rain",
        prompt_hash="",
    )  # fmt: skip
    verdict = Verdict(pair_id="set/a/1", yes=1, no=1, abstained=1, verdict=False, calls=3)
    level = PyramidRow(
        pair_id="set/a/1", level="low_fidelity", reason="decided_by_abstention", split="unfiltered"
    )
    values = {"ssim": 0.75, "colour_shift": 0.0, "psnr": 20.5}
    scores = [
        Score(
            method="input", benchmark="unfiltered", pair_id="set/a/1", rain_type="drs", metric=metric, value=value,
            protocol="unirain", data_hash="",
        )
        for metric, value in values.items()
    ]  # fmt: skip
    tables.write(data / "references/references.parquet", [reference], Reference)
    tables.write(data / "votes/votes.parquet", [vote], Vote)
    tables.write(data / "votes/verdicts.parquet", [verdict], Verdict)
    tables.write(data / "split/pyramid.parquet", [level], PyramidRow)
    tables.write(data / "scores/baseline/input/scores.parquet", scores, Score)
    explain("set/a/1")
    text = capsys.readouterr().out

    for part in (
        "1. real/7: caption distance 0.250, cosine 0.500, SSIM 0.750",
        "statistics/nss: abstained (p_yes 0.50, threshold 0.50): far from rain",
        "rejected: 1 yes, 1 no, 1 abstained",
        "level low_fidelity (decided_by_abstention), split unfiltered",
        "input on unfiltered: PSNR 20.50 dB, SSIM 0.7500, colour shift 0.00 grey levels (unirain)",
    ):
        assert part in text


def test_a_pair_without_a_triplet_is_told_with_its_reason(project, capsys):
    lost = Dropped(pair_id="set/a/1", dataset="set", reason="out_of_memory", other="40 GB")
    tables.write(project / "data/triplets/dropped.parquet", [lost], Dropped)
    explain("set/a/1")

    assert f"dropped    out_of_memory: {MEANINGS['out_of_memory']} (40 GB)" in capsys.readouterr().out


def test_a_pair_that_a_method_could_not_be_scored_on_is_told_with_its_reason(project, capsys):
    lost = Dropped(pair_id="set/a/1", dataset="set", reason="out_of_memory", other="benchmark test: 40 GB")
    tables.write(project / "data/scores/baseline/input/dropped.parquet", [lost], Dropped)
    explain("set/a/1")

    said = f"no score   of input: out_of_memory: {MEANINGS['out_of_memory']} (benchmark test: 40 GB)"
    assert said in capsys.readouterr().out


def test_an_unknown_pair_is_answered_with_the_nearest_names(project):
    with pytest.raises(ConfigError, match=r"'set/a/3'; nearest: set/a/[12], set/a/[12]"):
        story("set/a/3", project)


def test_where_no_id_is_near_the_places_that_list_all_ids_are_named(project):
    with pytest.raises(ConfigError, match=r"gallery\.html shows all ids") as raised:
        story("0123456789", project)
    *_, manifest = re.findall(r"data/\S+\.(?:html|parquet)", str(raised.value))
    pair_id = tables.read(project / manifest, ManifestRow)[0].pair_id

    assert "'0123456789'; data/pages/gallery/gallery.html shows all ids, and" in str(raised.value)
    assert story(pair_id, project)[0] == pair_id


def test_before_any_stage_the_first_one_is_named(tmp_path):
    with pytest.raises(MissingArtefactError, match="dvc repro raw_datasets"):
        story("x", tmp_path)
