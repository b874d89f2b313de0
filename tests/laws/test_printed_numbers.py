"""The numbers that the paper prints about distillation and training, each beside its key in params.paper.yaml."""

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from unirain_core.config.load import load_params, read_yaml
from unirain_core.distill.composition import PAPER_PAIRS, PAPER_RETENTION
from unirain_core.training.schedule import learning_rate

ROOT = Path(__file__).parents[2]
PROFILE = ROOT / "params.paper.yaml"

Line = tuple[str, str, int | float | str | None]
"""A quotation, its key and its value."""

PRINTED: list[Line] = [
    ("100 test pairs of each rain type", "rainrag_split.test.per_type", 100),
    ("300,000 iterations", "training.steps", 300_000),
    ("crops of 128 x 128", "training.patch", 128),
    ("a learning rate of 2e-4 at the start", "training.learning_rate", 2e-4),
    ("1e-6 at the end", "training.final_learning_rate", 1e-6),
    ("a window of N = 10", "strategies.reweighted.window_size", 10),
    ("tau = 5", "strategies.reweighted.tau", 5.0),
]

NOT_PRINTED: list[Line] = [
    ("no warm-up", "training.warmup_steps", 0),
    ("no gradient clipping", "training.gradient_clip", None),
    ("no floor of the weights in Eq. 10", "strategies.reweighted.min_weight", 0.0),
]
"""What the paper does without, as far as it says."""

AS_THE_AUTHORS_CODE: list[Line] = [("nn.L1Loss", "training.loss", "l1")]

OURS: dict[str, object] = {
    "raw_datasets.datasets.urir-8k.optional": True,
    "vlm_votes.early_stop": True,
    "rainrag_split.test.per_scene": 1,
    "networks.paper.noise_std": 0.0,
    "strategies.reweighted.preset": "gated",
    "strategies.reweighted.update_every": 1000,
    "strategies.reweighted.source": "val",
    "strategies.reweighted.reference": "first",
    "strategies.reweighted.af_logit_cap": 5.0,
    "training.augmentation": "turned",
    "training.mixed_precision": "bf16",
    "training.compile": True,
}
"""Key to value, where we differ from the paper on purpose, or add something of our own."""


def at(key):
    value: Any = read_yaml(PROFILE)
    for name in key.split("."):
        value = value[name]
    return value


@pytest.mark.parametrize(("quotation", "key", "number"), PRINTED + NOT_PRINTED + AS_THE_AUTHORS_CODE)
def test_the_profile_has_what_the_paper_prints(quotation, key, number):
    assert number == at(key), quotation


@pytest.mark.parametrize("name", ["params.table2.yaml", "params.weather.yaml"])
def test_the_other_profiles_of_the_papers_size_train_alike(name):
    other, paper = load_params(ROOT / name), load_params(PROFILE)

    assert (paper.training, paper.networks, paper.strategies) == (
        other.training,
        other.networks,
        other.strategies,
    )


def test_there_are_four_rain_types_and_three_judges():
    assert ["drs", "drd", "nrs", "nrd"] == at("rain_types")
    assert 3 == len(at("vlm_votes.judges"))


def test_the_test_set_has_four_times_a_hundred_pairs():
    assert 400 == at("rainrag_split.test.per_type") * len(at("rain_types"))


def test_the_batch_has_eight_crops():
    assert 8 == at("training.batch_per_type") * len(at("rain_types"))


def test_the_rate_falls_by_half_a_cosine_from_the_first_step_on():
    plan = load_params(PROFILE).training
    rates = [
        learning_rate(
            step,
            peak=plan.learning_rate,
            final=plan.final_learning_rate,
            warmup_steps=plan.warmup_steps,
            steps=plan.steps,
        )
        for step in (0, plan.steps // 2, plan.steps)
    ]

    assert [2e-4, (2e-4 + 1e-6) / 2, 1e-6] == pytest.approx(rates)


def test_adamw_has_its_default_parameters():
    defaults = inspect.signature(torch.optim.AdamW).parameters

    assert 1e-2 == defaults["weight_decay"].default == at("training.weight_decay")


def test_nothing_else_of_adamw_is_set():
    tree = ast.parse((ROOT / "unirain_core/training/loop.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    (adamw,) = [call for call in calls if ast.unparse(call.func) == "torch.optim.AdamW"]

    assert ["weight_decay"] == [keyword.arg for keyword in adamw.keywords]
    assert 1 == len(adamw.args)


def test_the_printed_size_of_the_training_set_stands_beside_ours():
    assert (52_869, 2.6) == (PAPER_PAIRS, PAPER_RETENTION)


@pytest.mark.parametrize(("key", "value"), OURS.items())
def test_a_value_that_is_ours_is_one_and_bears_a_comment_that_says_so(key, value):
    name = key.rpartition(".")[2]

    assert value == at(key)
    assert any("ours" in comment.lower() for comment in comments_on(name))


def test_the_papers_page_has_a_row_for_each_of_them():
    page = (ROOT / "docs/paper.md").read_text(encoding="utf-8")
    keys = [key for _, key, _ in PRINTED + NOT_PRINTED + AS_THE_AUTHORS_CODE] + list(OURS)

    assert [key for key in keys if f"`{key}`" not in page] == []


def comments_on(name):
    """The comments at the end of a line that has the key, and the blocks of comment lines that name it."""
    lines = PROFILE.read_text(encoding="utf-8").splitlines()
    ends = [line.partition("#")[2] for line in lines if re.search(rf"\b{name}:[^#]*#", line)]
    blocks = re.findall(r"(?:^ *#.*\n)+", PROFILE.read_text(encoding="utf-8"), re.MULTILINE)
    return ends + [block for block in blocks if re.search(rf"\b{name}\b", block)]


def test_the_printed_form_of_the_objective_is_a_strategy():
    literal = load_params(PROFILE).strategies["paper_literal"]

    assert ("printed", 1, "train") == (literal.preset, literal.update_every, literal.source)
    assert literal.af_logit_cap is None
    assert (10, 5.0, 0.0) == (literal.window_size, literal.tau, literal.min_weight)
