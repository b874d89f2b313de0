"""The GPU program runs from a checkout on a machine that has torch, numpy, transformers, safetensors and Pillow alone."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
THERE = {"torch", "numpy", "transformers", "safetensors", "PIL"}
OURS = ("benchmarks", "unirain_core")


def imported(path):
    """Names of all modules that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def file_of(module):
    place = ROOT / module.replace(".", "/")
    return next((f for f in (place.with_suffix(".py"), place / "__init__.py") if f.is_file()), None)


def foreign(program):
    """The packages that a program needs, itself and whatever of ours it imports."""
    todo, done, packages = [program], set(), set()
    while todo:
        module = todo.pop()
        path = file_of(module)
        if module in done or path is None:
            continue
        done.add(module)
        for name in imported(path):
            if name.partition(".")[0] in OURS:
                todo.append(name)
            else:
                packages.add(name.partition(".")[0])
    return packages - set(sys.stdlib_module_names)


@pytest.mark.parametrize("program", ["benchmarks.vlm"])
def test_a_program_for_bare_machines_needs_nothing_else(program):
    assert foreign(program) <= THERE | {"torchvision"}  # `compat` looks whether there is one
