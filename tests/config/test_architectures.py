"""Which class checks a network's section, and which bounds hold for a baseline."""

from dataclasses import asdict
from pathlib import Path

import pytest

from unirain_core.config.architectures import Restormer
from unirain_core.config.load import load_params, params_of, parse_network, read_yaml
from unirain_core.config.sections import Network
from unirain_core.errors import ConfigError

ROOT = Path(__file__).parents[2]
OURS = Network(dim=8, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=2.0)
PLAIN = Restormer(dim=8, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=2.0)


def described(config, **changes):
    """A section as JSON has it: lists for tuples."""
    section = asdict(config) | changes
    return {key: list(value) if isinstance(value, tuple) else value for key, value in section.items()}


def test_a_section_without_the_key_architecture_is_ours():
    assert "architecture" not in asdict(OURS)
    assert parse_network(described(OURS)) == OURS


def test_a_section_that_names_its_architecture_is_of_that_class():
    assert parse_network(described(PLAIN)) == PLAIN


@pytest.mark.parametrize(
    ("config", "changes", "message"),
    [
        (PLAIN, {"architecture": "swin"}, r"^network: architecture must be one of restormer"),
        (OURS, {"architecture": "unirain"}, "our own network has no such key"),
        (PLAIN, {"architecture": None}, "architecture must be one of"),
        (PLAIN, {"architecture": ["restormer"]}, "architecture must be one of"),
        (PLAIN, {"active": 2}, r"^network\.active: unexpected key"),
        (PLAIN, {"heads": [1, 1, 1]}, "same number of levels"),
        (PLAIN, {"heads": [1, 3]}, "3 must divide the 16 channels of level 1"),
        (PLAIN, {"dim": 7}, "dim must be even"),
        (PLAIN, {"dim": 10**9}, r"^network\.dim: .*equal to 512"),
        (PLAIN, {"blocks": [100_000, 1]}, r"^network\.blocks\.0: .*equal to 64"),
        (PLAIN, {"blocks": [1], "heads": [1]}, r"^network\.blocks: .*at least 2"),
        (PLAIN, {"ffn_expansion": 0.1}, "ffn_expansion times dim must be at least 1"),
        (OURS, {"ffn_expansion": 0.1}, "ffn_expansion times dim must be at least 1"),
    ],
)
def test_a_wrong_value_is_named_by_its_own_key_and_not_by_the_class_that_checks_it(config, changes, message):
    with pytest.raises(ConfigError, match=message):
        parse_network(described(config, **changes))


def with_network(**section):
    """The sample profile whose variants train another network."""
    content = read_yaml(ROOT / "params.yaml")
    assert isinstance(content, dict)
    content["networks"]["small"] = section
    return content


def test_params_can_name_a_baseline():
    section = {
        "architecture": "restormer",
        "dim": 16,
        "blocks": [1, 1, 2],
        "refinement": 1,
        "heads": [1, 2, 4],
    }
    params = params_of(with_network(**section, ffn_expansion=2.66), "params.yaml")

    assert params.networks["small"] == Restormer(
        dim=16, blocks=(1, 1, 2), refinement=1, heads=(1, 2, 4), ffn_expansion=2.66
    )


@pytest.mark.parametrize("key", ["dim", "blocks", "refinement", "heads", "ffn_expansion"])
def test_params_must_name_every_key_of_a_baseline(key):
    section = {name: value for name, value in described(PLAIN).items() if name != key}

    with pytest.raises(ConfigError, match=rf"^params\.yaml: networks\.small\.{key}: missing"):
        params_of(with_network(**section), "params.yaml")


def test_a_crop_must_be_as_large_as_a_baseline_halves_it(tmp_path):
    content = with_network(**described(PLAIN, blocks=[1] * 5, heads=[1] * 5))
    content["training"]["patch"] = 15

    with pytest.raises(ConfigError, match=r"training\.patch: 15 is too small .* at least 16 works"):
        params_of(content, "params.yaml")
    content["training"]["patch"] = 16
    assert params_of(content, "params.yaml").networks["small"].multiple == 16


def test_a_section_of_ours_that_names_an_architecture_is_mended_as_the_error_says(tmp_path):
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    path = tmp_path / "params.yaml"
    path.write_text(
        text.replace("    dim: 16\n", "    architecture: unirain\n    dim: 16\n"), encoding="utf-8"
    )
    with pytest.raises(ConfigError, match="our own network has no such key"):
        load_params(path)
    path.write_text(
        path.read_text(encoding="utf-8").replace("    architecture: unirain\n", ""), encoding="utf-8"
    )

    assert load_params(path) == load_params(ROOT / "params.yaml")
