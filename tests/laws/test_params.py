"""params.yaml is read strictly: a typo is an error, never a default."""

from pathlib import Path

import pytest

from unirain_core.config.load import load_params, read_yaml
from unirain_core.errors import ConfigError

ROOT = Path(__file__).parents[2]
PROFILES = sorted(ROOT.glob("params*.yaml"))


@pytest.mark.parametrize("path", PROFILES, ids=lambda p: p.name)
def test_every_profile_in_the_repository_is_valid(path):
    assert load_params(path).rain_types


def written(tmp_path, old, new):
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "params.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("keep_semantic:", "keep_semantics:", r"keep_semantics: unexpected .* nearest known: keep_semantic"),
        ("  steps: 600", "  steps: -3", r"training\.steps: .*greater than or equal to 1"),
        ("  steps: 600", '  steps: "300"', r"training\.steps: .*integer"),
        ("  steps: 600\n", "", r"training\.steps: missing"),
        ("learning_rate: 3e-3", "learning_rate: .inf", r"cannot hold: .*not JSON compliant"),
        ("accept_share: 0.9", "accept_share: 1.9", r"vlm_votes\.accept_share: .*less than or equal to 1"),
        ("loss: rmse ", "loss: l3 ", r"training\.loss: .*'l1' or 'rmse'"),
        (
            "network: small, strategy: unirain",
            "network: tiny, strategy: unirain",
            r"variants\.unirain\.network",
        ),
        ("keep_visual: 6", "keep_visual: 60", r"keep_semantic >= keep_visual"),
        ("rain_types: [drs, drd, nrs, nrd]", "rain_types: [drs, drs]", r"distinct plain names"),
        ("profile: sample", "profile: [", r"not readable as YAML"),
        ("  input: {kind: input}", "  unirain: {kind: input}", r"share the names"),
        ("    real: {layout", "    real/sub: {layout", r"raw_datasets: 'real/sub' cannot name a dataset"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(tmp_path, old, new, message):
    with pytest.raises(ConfigError, match=message):
        load_params(written(tmp_path, old, new))


def test_an_unknown_key_is_refused_at_every_depth(tmp_path):
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    for line in [n for n in text.splitlines() if n.startswith("  ") and n.rstrip().endswith("}")]:
        path = tmp_path / "params.yaml"
        path.write_text(text.replace(line, line.rstrip()[:-1] + ", odd_key: 1}", 1), encoding="utf-8")
        with pytest.raises(ConfigError, match="odd_key"):
            load_params(path)


def test_numbers_are_read_as_dvc_reads_them(tmp_path):
    path = tmp_path / "n.yaml"
    path.write_text("a: 2e-4\nb: on\n", encoding="utf-8")

    assert {"a": 0.0002, "b": "on"} == read_yaml(path)


def test_a_missing_file_says_where_to_run():
    with pytest.raises(ConfigError, match="run from the root of the project"):
        load_params(Path("nowhere/params.yaml"))
