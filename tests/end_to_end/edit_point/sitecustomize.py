"""Loaded by every Python process of a test: the stage's own process edits files of the project while it runs.

EDIT=FOLDER     the folder's files replace those of the same path in the current folder, once, when the stage writes
                its report: it has read everything by then, and has not ended
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

_replace = os.replace


def _replaced(source: Any, target: Any, **options: Any) -> None:
    edits = Path(os.environ["EDIT"])
    if Path(target).is_relative_to(Path.cwd() / "reports") and edits.exists():
        for file in [f for f in edits.rglob("*") if f.is_file()]:
            shutil.copyfile(file, Path.cwd() / file.relative_to(edits))
        shutil.rmtree(edits)
    _replace(source, target, **options)


if "EDIT" in os.environ and "run" in sys.orig_argv and any("unirain" in word for word in sys.orig_argv[:3]):
    os.replace = _replaced  # type: ignore[assignment]
