"""Another architecture is one file, its section of params and one case; what is particular to ours stays with ours."""

import re
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
GRAPH = grimp.build_graph("unirain_core", cache_dir=None)
ITS_FILE = "unirain_core/model/baselines/restormer.py"
SECTIONS = "unirain_core/config/architectures.py"
CHOICE = "unirain_core/model/architecture.py"


def lines_with(word):
    """Lines of the program that hold a word, by file."""
    lines: dict[str, list[str]] = {}
    for path in sorted((ROOT / "unirain_core").rglob("*.py")):
        hits = [
            line.strip() for line in path.read_text(encoding="utf-8").splitlines() if re.search(word, line)
        ]
        if hits:
            lines[path.relative_to(ROOT).as_posix()] = hits
    return lines


def importers(module):
    return {
        name.removeprefix("unirain_core.")
        for name in GRAPH.find_modules_that_directly_import(f"unirain_core.{module}")
    }


def test_a_baseline_is_named_in_its_file_its_section_and_where_it_is_chosen():
    lines = lines_with(r"(?i)restormer")

    assert set(lines) == {ITS_FILE, SECTIONS, CHOICE}
    assert [line for line in lines[CHOICE] if not line.startswith("from ")] == [
        "case Restormer():",
        "return RestormerNet(config)",
    ]
    outside_its_class = [line for line in lines[SECTIONS] if line.startswith("Architecture =")]
    assert outside_its_class == ["Architecture = Network | Restormer"]


def test_a_baseline_needs_nothing_of_ours_but_the_contract_and_the_padding():
    needs = GRAPH.find_modules_directly_imported_by("unirain_core.model.baselines.restormer")

    assert {name for name in needs if name.startswith("unirain_core.")} == {
        "unirain_core.config.architectures", "unirain_core.model.layout", "unirain_core.model.restorer",
    }  # fmt: skip


def test_our_network_is_known_only_where_its_experts_are_meant():
    """Whatever else trains, stores, restores or scores a network knows the contract alone."""
    assert importers("model.network") == {
        "model.architecture", "model.complexity", "training.experts", "inference.photo",
    }  # fmt: skip
    assert importers("training.experts") == {"training.loop"}


@pytest.mark.parametrize(
    ("word", "places"),
    [
        (r"\bdraw_noise\b", {"model/network.py", "model/routing.py", "training/experts.py"}),
        (r"\.routes\(", {"training/experts.py"}),
        (r"\bsparse=", {"inference/photo.py", "model/blocks.py", "model/network.py"}),
        (r"\bmodel\.mixture\b", {"model/blocks.py", "model/complexity.py"}),
    ],
)
def test_noise_routes_and_sparse_dispatch_are_asked_for_only_where_ours_is_known(word, places):
    assert {path.removeprefix("unirain_core/") for path in lines_with(word)} == places
