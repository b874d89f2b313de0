"""Collects the remedies that messages name: commands and edits, in the words of the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

VERBS = tuple(
    "add choose close correct get give install let lower name pip put raise read remove rename run save send set "  # noqa: SIM905
    "start stop supply take train unset use wait".split()
)
"""A clause that begins with one of these tells a person to do something."""

PROGRAMS = ("dvc ", "git ", "docker ", "make ", "pip ", "unirain ")
"""So does a command in backticks."""

_QUOTED = re.compile(r"`[^`]*`")
_ENDS = re.compile(r"[;:.,()]+(?: (?:or|and|then))*(?: |$)|(?: |^)(?:or|and|then) |[()]")


def text_of(node: ast.expr) -> str | None:
    """The text of a string, `{}` for each value in it; None where it is no string."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)


def texts(tree: ast.Module) -> Iterator[str]:
    """Every string of a module that a program can print: no docstring, no part of another string, no annotation."""
    silent: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            silent.update(child for child in ast.walk(node) if child is not node)
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            silent.update(ast.walk(node.annotation))  # the help texts of options
    for node in ast.walk(tree):
        text = text_of(node) if isinstance(node, ast.expr) and node not in silent else None
        if text is not None and " " in text:
            yield " ".join(text.split())


def remedies(text: str) -> list[str]:
    """The clauses of a message that tell what to do.

    >>> remedies("{} is no JSON ({}); run `dvc repro --force {}`")
    ['run `dvc repro --force {}`']
    >>> remedies("no pair of type {}: add a dataset that has some, or take the type out of rain_types")
    ['add a dataset that has some', 'take the type out of rain_types']
    >>> remedies("{} is cut in half")
    []
    """
    quotes = _QUOTED.findall(text)  # a clause does not end within one
    clauses = []
    for piece in _ENDS.split(_QUOTED.sub("\0", text)):
        clause = piece.strip()
        while "\0" in clause:
            clause = clause.replace("\0", quotes.pop(0), 1)
        is_command = (
            clause.startswith(tuple(f"`{program}" for program in PROGRAMS)) and clause.count("`") == 2
        )
        if clause.partition(" ")[0].lower() in VERBS or (is_command and clause.endswith("`")):
            clauses.append(clause)
    return clauses


def all_remedies() -> dict[str, set[str]]:
    """Remedies by module, as `artefacts.report`."""
    found: dict[str, set[str]] = {}
    for package in ("unirain_core", "unirain_assets"):
        for file in sorted((ROOT / package).rglob("*.py")):
            module = ".".join(file.relative_to(ROOT).with_suffix("").parts).removeprefix("unirain_core.")
            clauses = {
                c for text in texts(ast.parse(file.read_text(encoding="utf-8"))) for c in remedies(text)
            }
            if clauses:
                found[module] = clauses
    return found


if __name__ == "__main__":
    for module, clauses in all_remedies().items():
        for clause in sorted(clauses):
            print(f"{module}: {clause}")  # noqa: T201 (a person starts it)
