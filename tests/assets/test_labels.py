from pathlib import Path

import pytest

from unirain_assets import graph, labels

REPO = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def steps():
    return {step.address: step for step in graph.read(REPO).steps}


def test_every_asset_has_an_owner_whom_dvc_yaml_names(steps):
    owners = {address: labels.owners(step) for address, step in steps.items()}

    assert [] == [address for address, named in owners.items() if len(named) != 1]
    assert (owners["raw_datasets"], owners["benchmark_tables"]) == (["team:data"], ["team:evaluation"])


def test_a_variant_is_tagged_with_its_split_network_strategy_and_seed(steps):
    assert labels.tags(steps["trained_checkpoint@uniform"]) == {
        "stage": "trained_checkpoint",
        "key": "uniform",
        "split": "rainrag",
        "network": "small",
        "strategy": "uniform",
        "seed": "0",
    }
    assert labels.tags(steps["baseline_scores@input"]) == {
        "stage": "baseline_scores", "key": "input", "kind": "input",
    }  # fmt: skip


def test_a_word_that_dagster_takes_for_no_tag_is_left_out(steps):
    step = steps["sample_corpus@demo"]
    odd = {"folder": "/a b/c", "layout": "x" * 64, "quota": ""}

    assert labels.tags(type(step)(**_fields(step) | {"params": {"sample_corpora.demo": odd}})) == {
        "stage": "sample_corpus", "key": "demo",
    }  # fmt: skip


def one(values):
    """The only one."""
    (value,) = values.values()
    return value


def _fields(step):
    return {name: getattr(step, name) for name in type(step).__dataclass_fields__}


def test_every_asset_leads_to_the_function_that_runs_it_and_to_its_lines_of_dvc_yaml(steps):
    for step in steps.values():
        value = one(labels.code(REPO, step))
        lines = []
        for reference in value.code_references:
            text = Path(reference.file_path).read_text().splitlines()
            lines.append(text[reference.line_number - 1])

        assert lines[0].startswith("def run(")
        assert lines[1] == f"  {step.stage}:"
