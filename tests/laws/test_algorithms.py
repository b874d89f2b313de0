"""A changed computation never returns old shards: each stage's algorithm version is pinned beside its code.

When a test here fails, results may have changed. If they have, raise ALGORITHM in the stage's module; then run
`python tests/laws/test_algorithms.py`, which pins anew, and commit `algorithms.json` with the change.
"""

import ast
import hashlib
import json
from importlib import import_module
from pathlib import Path

import grimp
import pytest

from unirain_core.stages import ORDER

ROOT = Path(__file__).parents[2]
PINS = Path(__file__).with_name("algorithms.json")
COMPUTES = (
    "stages", "standins", "imaging", "sources", "distill", "model", "reweight", "inference", "training", "evaluation"
)  # fmt: skip


def computing_modules(stage):
    """The stage's module and what it imports of the packages that compute."""
    graph = grimp.build_graph("unirain_core", cache_dir=None)
    module = f"unirain_core.stages.{stage}"
    inside = {
        m for m in graph.find_upstream_modules(module) if m.split(".")[1:2] and m.split(".")[1] in COMPUTES
    }
    return sorted({module, *inside})


def tree_hash(module):
    """Hash of a module's syntax tree; comments, layout and docstrings do not count."""
    path = ROOT.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [n for n in body if not is_text(n)]  # type: ignore[attr-defined]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def is_text(node):
    """A docstring, or the line that says what a field means."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def pin(stage):
    version = import_module(f"unirain_core.stages.{stage}").ALGORITHM
    trees = "".join(tree_hash(m) for m in computing_modules(stage))
    return {"version": version, "code": hashlib.sha256(trees.encode()).hexdigest()[:16]}


def stages_with_an_algorithm():
    return [
        s for s in ORDER if "ALGORITHM" in (ROOT / f"unirain_core/stages/{s}.py").read_text(encoding="utf-8")
    ]


@pytest.mark.parametrize("stage", stages_with_an_algorithm())
def test_the_code_of_an_algorithm_is_what_its_version_was_pinned_with(stage):
    assert json.loads(PINS.read_text(encoding="utf-8"))[stage] == pin(stage), __doc__


if __name__ == "__main__":
    PINS.write_text(
        json.dumps({s: pin(s) for s in stages_with_an_algorithm()}, indent=2) + "\n", encoding="utf-8"
    )
