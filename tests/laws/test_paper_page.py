"""docs/paper.md: what it names exists, what it counts is so, and no gap is missing."""

import re
from pathlib import Path
from typing import Any

import pytest

from unirain_core.config.load import parse_yaml, read_yaml

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/paper.md"
FOLLOWED, OPEN, OTHERWISE, SLIPS = (
    "Printed, and followed",
    "Left open by the paper",
    "Printed otherwise",
    "The paper's own slips",
)

GAPS = {
    "size and content of D_r": "raw_datasets.datasets.real3000",
    "part of each source that enters": "unirain_core/distill/split.py",
    "pictures with drops and streaks": "raw_datasets.mixture_policy",
    "day or night": "verified_pairs.night_luma",
    "the integrity filter": "unirain_core/distill/integrity.py",
    "alignment of GT-RAIN": "verified_pairs.aligned_peak",
    "sign of Eq. 1's ranking": "unirain_core/distill/cascade.py",
    "K1": "retrieved_references.keep_semantic",
    "K2": "retrieved_references.keep_visual",
    "K3": "retrieved_references.keep_structural",
    "norm of text vectors": "retrieved_references.text_norm",
    "SSIM of Eq. 3": "encoders.structure_side",
    "which BLIP": "encoder_models.blip.weights",
    "which CLIP": "encoder_models.clip.weights",
    "query captions": "query_captions.form",
    "the prompt": "prompts/rain.yaml",
    "ids of the judges": "judge_models.mobilevlm.weights",
    "several pictures in one question": "judge_models.mobilevlm.several",
    "threshold of a yes": "vlm_votes.accept_share",
    "abstentions": "unirain_core/distill/voting.py",
    "the pyramid's top": "unirain_core/distill/pyramid.py",
    "one test pair per scene": "rainrag_split.test.per_scene",
    "validation set": "rainrag_split.val",
    "blocks": "networks.paper.blocks",
    "widths": "networks.paper.dim",
    "full resolution": "networks.paper.shuffle",
    "side of bottleneck and refinement": "unirain_core/model/network.py",
    "experts and their capacities": "networks.paper.encoder_widths",
    "k": "networks.paper.active",
    "renormalised routes": "networks.paper.renormalise",
    "sigma of the noise": "networks.paper.noise_std",
    "pixel loss": "training.loss",
    "sum of per-type losses": "unirain_core/training/strategies.py",
    "sampling of types": "training.batch_per_type",
    "batch global or per device": "unirain_core/training/sampling.py",
    "augmentation": "training.augmentation",
    "choice of the checkpoint": "training.val_pictures_per_type",
    "precision": "training.mixed_precision",
    "compilation": "training.compile",
    "source of the losses": "strategies.reweighted.source",
    "normalised losses": "strategies.reweighted.reference",
    "uniform start": "unirain_core/reweight/reweighter.py",
    "softmax over t": "unirain_core/reweight/adaptivity.py",
    "constant of the fixed AF": "strategies.fixed_af.fixed_af",
    "variants of Table 4": "training_splits",
    "test set of Tables 4 and 6": "benchmark_scores.splits",
    "retrained rivals": "methods",
    "Table 7": "params.weather.yaml",
    "protocol of the metrics": "benchmark_scores.protocol",
}
"""What the paper leaves open, and the key or file that its row must name."""

DIFFERENCES = {
    "the pool": "raw_datasets.datasets.urir-8k.optional",
    "judges that are not asked": "vlm_votes.early_stop",
    "sum of Eq. 6": "unirain_core/reweight/slope.py",
    "unit of t": "strategies.reweighted.update_every",
    "factor of Eq. 8": "unirain_core/reweight/scores.py",
    "normaliser of Eq. 9": "strategies.reweighted.preset",
    "bound of the logit": "strategies.reweighted.af_logit_cap",
    "noise before the pooling": "unirain_core/model/routing.py",
}

PRINTED_WRONG = ["29.44", "1.75 dB", ".8243", ".7219 and .3838", "1.93 dB", "22.856 M"]


def rows(heading, page=PAGE):
    """The cells of the first table below a heading."""
    _, _, rest = page.read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    _, _, table = rest.partition("\n|")
    lines = table.partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names(cell):
    return re.findall(r"`([^`]+)`", cell)


def at(key):
    value: Any = read_yaml(ROOT / "params.paper.yaml")
    for part in key.split("."):
        value = value[part]
    return value


def exists(name):
    if (ROOT / name).is_file():
        return True
    try:
        at(name)
    except (KeyError, TypeError):
        return False
    return True


@pytest.mark.parametrize("heading", [FOLLOWED, OPEN, OTHERWISE])
def test_every_row_names_a_key_of_the_profile_or_a_file(heading):
    wrong = [
        row for row in rows(heading) if not names(row[2]) or not all(exists(name) for name in names(row[2]))
    ]

    assert rows(heading)
    assert wrong == []


def test_the_readme_keeps_the_five_gaps_that_matter_most_and_links_the_others():
    readme = ROOT / "README.md"
    five = rows("What the paper leaves open, and what we chose", readme)

    assert 5 == len(five)
    assert all(exists(name) for row in five for name in names(row[2]))
    assert "](docs/paper.md)" in readme.read_text(encoding="utf-8")


def test_a_key_that_is_gone_would_be_noticed():
    assert not exists("training.stepz")
    assert not exists("training.steps.more")
    assert not exists("unirain_core/reweight/gone.py")


def test_what_is_followed_has_the_value_that_the_page_names():
    wrong = []
    for text, value, key in rows(FOLLOWED):
        (shown,), (name,) = names(value), names(key)
        if parse_yaml(PAGE, f"value: {shown}") != {"value": at(name)}:
            wrong.append(text)

    assert wrong == []


@pytest.mark.parametrize(
    ("heading", "gaps"), [(OPEN, GAPS), (OTHERWISE, DIFFERENCES)], ids=["open", "otherwise"]
)
def test_no_gap_is_missing(heading, gaps):
    named = {name for row in rows(heading) for name in names(row[2])}

    assert [gap for gap, name in gaps.items() if name not in named] == []


def test_every_row_says_why():
    assert all(row[3] for heading in (OPEN, OTHERWISE) for row in rows(heading))


def test_the_papers_slips_are_there():
    right = " ".join(row[2] for row in rows(SLIPS))

    assert [number for number in PRINTED_WRONG if number not in right] == []
