"""No rename, truncation, write or lock of our code is forgotten by the program that kills at them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.kill_points import EXEMPT, KILLED, OF_DVC

ROOT = Path(__file__).parents[2]
RENAMES = {"rename", "renames", "move"}
TRUNCATIONS = {"truncate", "ftruncate"}
WRITES = {"write_text", "write_bytes", "copy", "copy2", "copyfile", "copytree"}
LOCKS = {"flock", "lockf"}


def kind(call):
    """What a call does to a file: one of the kinds of kill_points.py, or nothing."""
    function, arguments = call.func, call.args
    if isinstance(function, ast.Name):
        return "write" if function.id == "open" and writes(arguments[1:], call.keywords) else None
    if not isinstance(function, ast.Attribute):
        return None
    name = function.attr
    owner = function.value.id if isinstance(function.value, ast.Name) else ""
    if name == "open":
        of_module = owner in ("os", "io", "codecs", "gzip", "bz2", "lzma")
        return "write" if writes(arguments[1 if of_module else 0 :], call.keywords) else None
    if name == "rename" and arguments and isinstance(arguments[0], ast.Dict):
        return None  # of a table's columns
    if name in RENAMES or (name == "replace" and is_a_rename(owner, call)):
        return "rename"
    if name in TRUNCATIONS:
        return "truncate"
    if name in WRITES and (name.startswith("write") or owner == "shutil"):
        return "write"
    return "lock" if name in LOCKS else None


def writes(arguments, keywords):
    """Whether a mode among the arguments of an `open` lets it write."""
    modes = [*arguments[:1], *(keyword.value for keyword in keywords if keyword.arg == "mode")]
    return any(isinstance(mode, ast.Constant) and set(str(mode.value)) & set("wax+") for mode in modes)


def is_a_rename(owner, call):
    """`path.replace(target)` and `os.replace(a, b)`; a string's `replace` takes two arguments, a dataclass's a keyword."""
    return not call.keywords and len(call.args) == (2 if owner == "os" else 1)


def points(tree, module) -> Iterator[str]:
    """Names of all points of a module, in the form `module.function:kind`."""

    def visit(node, place) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            inner = place
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner = [*place, child.name]
            if isinstance(child, ast.Call) and (what := kind(child)):
                yield f"{'.'.join(inner)}:{what}"
            yield from visit(child, inner)

    return visit(tree, [module])


def all_points():
    found = set()
    for package in ("unirain_core", "unirain_assets"):
        for file in sorted((ROOT / package).rglob("*.py")):
            module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            found |= set(points(ast.parse(file.read_text(encoding="utf-8")), module))
    return found


def test_every_rename_truncation_write_and_lock_is_named():
    assert sorted(all_points() - KILLED - set(EXEMPT)) == [], "name it in benchmarks/kill_points.py"


def test_every_name_is_a_place_in_the_code():
    assert sorted((KILLED | set(EXEMPT)) - OF_DVC - all_points()) == []


def test_no_point_is_both_killed_and_exempt_and_every_exemption_has_a_reason():
    assert KILLED & set(EXEMPT) == set()
    assert [name for name, reason in EXEMPT.items() if len(reason) < 20] == []


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("path.rename(other)", ["rename"]),
        ("os.replace(a, b)", ["rename"]),
        ("partial.replace(path)", ["rename"]),
        ("text.replace('a', 'b')", []),
        ("replace(self, losses=kept)", []),
        ("dataclasses.replace(self, losses=kept)", []),
        ("shutil.move(a, b)", ["rename"]),
        ("os.truncate(path, 3)", ["truncate"]),
        ("handle.truncate(0)", ["truncate"]),
        ("path.open('a')", ["write"]),
        ("path.open(mode='w')", ["write"]),
        ("open(path, 'r+b')", ["write"]),
        ("io.open(path, 'x')", ["write"]),
        ("path.open('rb')", []),
        ("path.open()", []),
        ("path.write_text('x')", ["write"]),
        ("write_text(path, 'x')", []),  # ours, of artefacts.whole
        ("shutil.copytree(a, b)", ["write"]),
        ("array.copy()", []),
        ("fcntl.flock(handle, 2)", ["lock"]),
    ],
)
def test_the_law_sees_each_way_of_writing(line, kinds):
    assert [name.rpartition(":")[2] for name in points(ast.parse(f"def f():\n    {line}"), "m")] == kinds
