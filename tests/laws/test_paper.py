"""Every equation lives in exactly one function."""

import ast
import re
from pathlib import Path

CORE = Path(__file__).parents[2] / "unirain_core"
ROOMS = {
    1: "distill.similarity.semantic_distance",
    2: "distill.similarity.visual_cosine",
    3: "distill.similarity.structural_similarity",
    4: "distill.judging.with_votes",
    5: "distill.voting.is_reliable",
    6: "reweight.slope.convergence_slope",
    7: "reweight.scores.balance_score",
    8: "reweight.scores.stability_score",
    9: "reweight.adaptivity.adaptivity_factor",
    10: "reweight.weights.type_weights",
    11: "model.routing.soft_route",
    12: "model.mixture.soft_mixture",
    13: "model.routing.hard_route",
    14: "model.mixture.hard_mixture",
}


def test_each_equation_has_exactly_one_room():
    found = []
    for path in sorted(CORE.rglob("*.py")):
        module = ".".join(path.relative_to(CORE).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                first_line = (ast.get_docstring(node) or "").partition("\n")[0]
                found += [
                    (int(n), f"{module}.{node.name}") for n in re.findall(r"Eq\. \((\d+)\)", first_line)
                ]

    assert sorted(ROOMS.items()) == sorted(found)


def test_the_readme_names_every_room():
    readme = (CORE.parent / "README.md").read_text(encoding="utf-8")
    missing = [room for room in ROOMS.values() if room.rpartition(".")[2] not in readme]

    assert missing == []
