"""The meanings of a table's columns: the words that stand below the fields of its row class."""

import ast
import inspect
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from unirain_core.artefacts import schemas


def meanings(columns: Sequence[str]) -> dict[str, str]:
    """Column to its meaning, of the first row class that has exactly these fields; empty where none has.

    >>> meanings(["pair_id", "yes", "no", "abstained", "verdict", "calls"])["yes"]
    'Judges that said yes.'
    """
    return next((texts for fields, texts in _row_classes() if fields == list(columns)), {})


@cache
def _row_classes() -> list[tuple[list[str], dict[str, str]]]:
    """The fields of each class of `schemas`, and their texts; Python itself drops a text below a field."""
    classes = [node for node in ast.parse(inspect.getsource(schemas)).body if isinstance(node, ast.ClassDef)]
    return [(_fields(node), _texts(node)) for node in classes]


def _fields(row_class: ast.ClassDef) -> list[str]:
    names = (_field(node) for node in row_class.body)
    return [name for name in names if name]


def _field(node: ast.stmt) -> str:
    """The name of a field; empty for a constant of the class, or anything else."""
    if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
        return ""
    return "" if "ClassVar" in ast.dump(node.annotation) else node.target.id


def _texts(row_class: ast.ClassDef) -> dict[str, str]:
    texts: dict[str, str] = {}
    for node, below in pairwise(row_class.body):
        if _field(node) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            texts[_field(node)] = inspect.cleandoc(str(below.value.value))
    return texts
