"""What a stage says of its work: counts, reasons and figures that are functions of its inputs alone."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from unirain_core.artefacts.whole import write_text
from unirain_core.errors import MissingArtefactError, SchemaError

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeWith:
    """What a stage found when it began."""

    code: str
    """16 hex digits that stand for the content of the stage's code."""
    params: str
    """16 hex digits that stand for the values of the stage's params."""
    dirty: bool | None
    """Whether code, dvc.yaml or params.yaml differed from the commit; None: there is no commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A stage's report; no times, hosts or run ids, so that equal inputs give equal bytes."""

    stage: str
    counts: Mapping[str, int]
    """Numbers of rows; every one can be traced to rows of a table."""
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Dropped rows by reason."""
    notes: Sequence[str] = ()
    """Sentences for a person."""
    figures: Mapping[str, Json] = field(default_factory=dict)
    """Further values, spread at the top level of the JSON; tables are lists of flat mappings."""


def write(path: Path, report: Report) -> None:
    """Write as JSON with sorted keys and floats of six decimals, whole or not at all.

    Raises:
        ValueError: a figure has the name of a fixed part of the report.
    """
    fixed: dict[str, Json] = {
        "stage": report.stage,
        "counts": dict(report.counts),
        "reasons": dict(report.reasons),
        "notes": list(report.notes),
    }
    clash = sorted(set(fixed) & set(report.figures))
    if clash:
        raise ValueError(f"figures may not be named {clash}")
    text = json.dumps(_rounded({**fixed, **report.figures}), indent=2, sort_keys=True, ensure_ascii=False)
    write_text(path, text + "\n")


def stamp(path: Path, made_with: MadeWith) -> None:
    """Add to a report, as `made_with`, what its stage was made with."""
    content = read(path) | {"made_with": asdict(made_with)}
    write_text(path, json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def read(path: Path) -> dict[str, Json]:
    """Read a report as plain JSON.

    Raises:
        MissingArtefactError: the stage has not run.
        SchemaError: the file is no JSON object.
    """
    producer = path.parent.name if path.parent.name != "reports" else path.stem
    if not path.exists():
        raise MissingArtefactError(str(path), producer)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # no JSON, or no UTF-8
        raise SchemaError(f"{path} is no JSON ({error}); run `dvc repro --force {producer}`") from None
    if not isinstance(content, dict):
        raise SchemaError(f"{path} holds no report; run `dvc repro --force {producer}`")
    return content


def _rounded(value: Json) -> Json:
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(k): _rounded(v) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_rounded(v) for v in value]
    return value
