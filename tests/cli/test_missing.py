"""On an empty machine the paper's profile ends with exit code 3 and the list of everything that a person must supply."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from unirain_core.cli import missing
from unirain_core.cli.missing import demand_inputs, missing_inputs
from unirain_core.config.load import load_params, read_yaml
from unirain_core.errors import MissingInputError

ROOT = Path(__file__).parents[2]
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def empty_machine(tmp_path, monkeypatch):
    """A project with the paper's params on a machine without data, weights and servers."""
    shutil.copy(ROOT / "params.paper.yaml", tmp_path / "params.yaml")
    monkeypatch.delenv("UNIRAIN_MODELS", raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UNIRAIN_QDRANT_URL", NOWHERE)
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "home"))
    return tmp_path


def unirain(project, *arguments):
    command = [sys.executable, "-m", "unirain_core.cli.main", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, env=os.environ)


def named(project):
    """Every root that must be there, and all weights that params name."""
    content: Any = read_yaml(project / "params.yaml")
    datasets = content["raw_datasets"]["datasets"].values()
    roots = [dataset["root"] for dataset in datasets if not dataset.get("optional")]
    models = [*content["encoder_models"].values(), *content["judge_models"].values()]
    return roots, [model["weights"] for model in models]


def test_the_papers_profile_ends_with_3_and_the_whole_list_each_with_its_remedy(empty_machine):
    answer = unirain(empty_machine, "run", "raw_datasets")
    said = " ".join(answer.stderr.split())
    roots, weights = named(empty_machine)

    assert 3 == answer.returncode
    assert (16, 6) == (len(roots), len(weights))
    for root in roots:
        assert f"add the line `{root}: /folder/of/the/dataset` to roots.local.yaml" in said
    for name in weights:
        assert re.search(rf"weights {name} .*run `hf download {name}", said)
    assert f"no Qdrant server answers at {NOWHERE}" in said
    assert "start one with `docker compose up -d qdrant`" in said
    assert "urir-8k" not in said  # it is optional
    assert "asks for (23):" in said
    assert "Traceback" not in answer.stderr


def test_each_item_of_the_list_has_a_line_of_its_own(empty_machine):
    lines = unirain(empty_machine, "run", "raw_datasets").stderr.splitlines()

    assert [f"{number}." for number in range(1, 24)] == [
        line.split()[0] for line in lines if re.match(r"  \d+\. ", line)
    ]


def test_what_is_supplied_leaves_the_list(empty_machine, monkeypatch):
    params = load_params(empty_machine / "params.yaml")
    before = len(list(missing_inputs(empty_machine, params)))
    (empty_machine / "models/Qwen/Qwen2.5-7B-Instruct").mkdir(parents=True)
    monkeypatch.setenv("UNIRAIN_MODELS", str(empty_machine / "models"))
    (empty_machine / "set").mkdir()
    (empty_machine / "roots.local.yaml").write_text("gt-rain: set\nraindrop: nowhere\n")
    left = [one.words for one in missing_inputs(empty_machine, params)]

    assert before - 2 == len(left)
    assert not [words for words in left if "Qwen2.5" in words or "gt-rain" in words]
    assert any(
        words.startswith("roots.local.yaml: raindrop: ") and "correct the line" in words for words in left
    )


def test_a_stage_goes_on_where_only_later_ones_lack_something_and_the_first_one_says_so(
    empty_machine, caplog
):
    params = load_params(empty_machine / "params.yaml")
    roots, _ = named(empty_machine)
    (empty_machine / "roots.local.yaml").write_text("".join(f"{root}: .\n" for root in roots))
    demand_inputs("verified_pairs", empty_machine, params)
    assert not caplog.records
    demand_inputs("raw_datasets", empty_machine, params)

    assert "later stages will end: this machine lacks" in caplog.text
    with pytest.raises(MissingInputError, match=r"lacks what params.yaml asks for \(7\)"):
        demand_inputs("query_triplets", empty_machine, params)


def test_libraries_are_asked_for_by_the_kinds_of_models_that_are_named(empty_machine, monkeypatch):
    params = load_params(empty_machine / "params.yaml")
    monkeypatch.setattr(missing, "find_spec", lambda name: None)
    said = [one.words for one in missing_inputs(empty_machine, params) if "library" in one.words]

    assert "run `pip install 'unirain[pipeline]'`" in said.pop()  # of the Qdrant server
    assert 2 == len(said)
    assert all("run `pip install 'unirain[models]'`" in words for words in said)


def test_a_library_of_the_judges_does_not_stop_the_stages_of_the_encoders(empty_machine, monkeypatch):
    params = load_params(empty_machine / "params.yaml")
    monkeypatch.setattr(missing, "find_spec", lambda name: None)
    told = {one.words: one.stages for one in missing_inputs(empty_machine, params) if "library" in one.words}
    by_library = {words.split("'")[1]: stages for words, stages in told.items()}
    every = ("real_rain_database", "query_triplets", "vlm_votes")

    assert ("retrieved_references",) == by_library.pop("qdrant_client")
    assert {"transformers": every, "open_clip": every[:2]} == by_library


def test_what_only_rewrites_captions_stops_no_stage_that_rewrites_none(empty_machine, monkeypatch):
    text = (empty_machine / "params.yaml").read_text()
    only_rewriter = (
        "{captioner: statistics, text_encoder: statistics, image_encoder: statistics, structure_side: 128}"
    )
    text = text.replace(
        "{captioner: blip, text_encoder: clip, image_encoder: clip, structure_side: 128}", only_rewriter
    )
    text = text.replace("[mobilevlm, internvl, llava]", "[statistics/nss]")
    (empty_machine / "params.yaml").write_text(text)
    params = load_params(empty_machine / "params.yaml")
    monkeypatch.setattr(missing, "find_spec", lambda name: None)
    told = [one for one in missing_inputs(empty_machine, params) if re.search("Qwen|transformers", one.words)]

    assert [("query_triplets",)] * 2 == [one.stages for one in told]
    demand_inputs("real_rain_database", empty_machine, params)
    with pytest.raises(MissingInputError, match="Qwen"):
        demand_inputs("query_triplets", empty_machine, params)


def test_a_judge_behind_an_endpoint_needs_its_address_and_its_key(empty_machine, monkeypatch):
    file = empty_machine / "params.yaml"
    http = (
        "{kind: http, model: m, revision: '1', address: JUDGE_URL, key: JUDGE_KEY, batch: 16, timeout_s: 60.0, "
        "tries: 6, per_minute: 0, logprobs: required, prompt_check: required}"
    )
    text = file.read_text().replace("judge_models:", f"judge_models:\n  far: {http}", 1)
    file.write_text(text.replace("[mobilevlm, internvl, llava]", "[far]", 1))
    params = load_params(file)
    monkeypatch.delenv("JUDGE_URL", raising=False)
    monkeypatch.setenv("JUDGE_KEY", "k")
    said = [one.words for one in missing_inputs(empty_machine, params) if "variable" in one.words]

    assert ["judge m: set the environment variable JUDGE_URL to the address of a judge's server"] == said
    monkeypatch.setenv("JUDGE_URL", NOWHERE)
    assert not [one for one in missing_inputs(empty_machine, params) if "variable" in one.words]


def test_the_sample_lacks_nothing(tmp_path):
    (tmp_path / "data/sample_corpus/demo").mkdir(parents=True)

    assert [] == list(missing_inputs(tmp_path, load_params(ROOT / "params.yaml")))
