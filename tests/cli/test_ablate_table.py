"""`unirain ablate table6` and `figure7` write the variants that params lack, and change nothing else."""

import shutil
from pathlib import Path

import pytest

from unirain_core.cli.ablate_table import add
from unirain_core.config.load import load_params
from unirain_core.config.sections import Network
from unirain_core.errors import ConfigError

ROOT = Path(__file__).parents[2]
PROFILES = ["params.yaml", "params.paper.yaml", "params.weather.yaml", "params.public-rain.yaml"]


@pytest.fixture(params=PROFILES)
def project(request, tmp_path):
    shutil.copy(ROOT / request.param, tmp_path / "params.yaml")
    return tmp_path


def test_table_6_has_five_networks_of_which_one_is_there(project, capsys):
    before = load_params(project / "params.yaml")
    add(project, "table6", "reweighted")
    after = load_params(project / "params.yaml")

    new = {name: one for name, one in after.variants.items() if name not in before.variants}
    assert ["table6_hard_hard", "table6_hard_soft", "table6_no_experts", "table6_soft_soft"] == sorted(new)
    base = before.variants["reweighted"]
    assert {(base.split, base.strategy, base.seed)} == {(v.split, v.strategy, v.seed) for v in new.values()}
    networks = [after.networks[one.network] for one in new.values()]
    sides = {(one.encoder, one.decoder) for one in networks if isinstance(one, Network)}
    assert {("none", "none"), ("soft", "soft"), ("hard", "hard"), ("hard", "soft")} == sides
    assert "`dvc repro` trains what is new" in capsys.readouterr().out


def test_figure_7_has_the_three_ablations_of_the_objective(project):
    before = load_params(project / "params.yaml")
    add(project, "figure7", "reweighted")
    after = load_params(project / "params.yaml")

    new = [one for name, one in after.variants.items() if name not in before.variants]
    assert ["fixed_af", "no_tbs", "no_tss"] == sorted(after.strategies[one.strategy].preset for one in new)
    assert {before.variants["reweighted"].network} == {one.network for one in new}


def test_the_objective_as_printed_is_one_variant_more(project):
    before = load_params(project / "params.yaml")
    add(project, "paper_literal", "reweighted")
    after = load_params(project / "params.yaml")

    (new,) = (one for name, one in after.variants.items() if name not in before.variants)
    strategy = after.strategies[new.strategy]
    assert ("printed", 1, "train", None) == (
        strategy.preset, strategy.update_every, strategy.source, strategy.af_logit_cap
    )  # fmt: skip


@pytest.mark.parametrize("table", ["table6", "figure7", "paper_literal"])
def test_every_other_line_stays_and_the_second_time_nothing_is_added(project, table, capsys):
    file = project / "params.yaml"
    before = file.read_text().splitlines()
    add(project, table, "reweighted")
    after = file.read_text().splitlines()

    left = iter(after)
    assert all(line in left for line in before)  # in their order
    add(project, table, "reweighted")
    assert after == file.read_text().splitlines()
    assert f"names all variants of {table} already" in capsys.readouterr().out


def test_a_base_that_is_no_variant_is_refused_with_those_that_are(project):
    with pytest.raises(ConfigError, match=r"there is no 'unirain'; --base takes one of reweighted, uniform"):
        add(project, "table6", "unirain")


def test_a_network_without_experts_cannot_be_varied_by_table_6(tmp_path):
    text = (ROOT / "params.yaml").read_text()
    begin, end = text.index("  small:"), text.index("\nstrategies:")
    plain = "  small: {architecture: restormer, dim: 8, blocks: [1, 1], refinement: 1, heads: [1, 2], ffn_expansion: 1.0}\n"
    (tmp_path / "params.yaml").write_text(text[:begin] + plain + text[end:])
    with pytest.raises(
        ConfigError, match=r"networks\.small: Table 6 varies .* name a variant of our own network with --base"
    ):
        add(tmp_path, "table6", "reweighted")


def test_another_base_cures_a_network_without_experts(tmp_path):
    text = (ROOT / "params.yaml").read_text()
    plain = "  plain: {architecture: restormer, dim: 8, blocks: [1, 1], refinement: 1, heads: [1, 2], ffn_expansion: 1.0}\n"
    text = text.replace("networks:\n", "networks:\n" + plain)
    text = text.replace(
        "  reweighted: {split: rainrag, network: small", "  reweighted: {split: rainrag, network: plain"
    )
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(ConfigError, match="with --base"):
        add(tmp_path, "table6", "reweighted")
    add(tmp_path, "table6", "uniform")

    assert "table6_no_experts" in load_params(tmp_path / "params.yaml").variants


def test_a_name_that_is_taken_by_another_network_is_said_before_anything_is_written(tmp_path):
    text = (ROOT / "params.yaml").read_text()
    other = "  small_soft_soft: {architecture: restormer, dim: 8, blocks: [1, 1], refinement: 1, heads: [1, 2], ffn_expansion: 1.0}\n"
    text = text.replace("networks:\n", "networks:\n" + other)
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"networks\.small_soft_soft of params\.yaml is another one"):
        add(tmp_path, "table6", "reweighted")

    assert text == (tmp_path / "params.yaml").read_text()
    for cured in (text.replace("small_soft_soft", "other"), text.replace(other, "")):  # renamed, or removed
        (tmp_path / "params.yaml").write_text(cured)
        add(tmp_path, "table6", "reweighted")
        assert "small_soft_soft" in load_params(tmp_path / "params.yaml").networks
