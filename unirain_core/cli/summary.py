"""`unirain summary`: what the last run produced, and where to look next."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from unirain_core.artefacts import paths, report
from unirain_core.artefacts.behind import behind
from unirain_core.artefacts.meanings import MEANINGS
from unirain_core.cli.locked import damaged_outs
from unirain_core.cli.project import current_root
from unirain_core.cli.terminal import show
from unirain_core.cli.witness import hashes
from unirain_core.config.load import read_yaml
from unirain_core.config.lock import LOCK, readable_lock
from unirain_core.config.pipeline import PARAMS, PIPELINE, read_pipeline
from unirain_core.errors import ArtefactError, MissingArtefactError

_COUNTED = ("raw_datasets", "verified_pairs", "vlm_votes", "rainrag_split")
"""Stages whose counts are shown."""


def summary() -> None:
    """Print Table 1, what was kept and dropped and why, and where to look next.

    Raises:
        MissingArtefactError: a stage has not run; the message names it.
        ArtefactError: a table is not what was written.
    """
    root = current_root()
    _demand_whole_tables(root)
    show([*_behind(root), *_table(root), "", *_kept(root), "", *_next(root)])


def _demand_whole_tables(root: Path) -> None:
    """No stage reads the tables, so nobody else would notice a damaged one."""
    if not (root / PIPELINE).exists():
        return
    step = read_pipeline(root, read_yaml(root / PARAMS)).step("benchmark_tables", None)
    if step is None:
        return
    damaged = damaged_outs(root, [(out, step) for out in step.outs], hashes(root, step.outs))
    for producer, files in damaged.items():
        raise ArtefactError(
            f"{files[0]} differs from its hash in {LOCK}: run `dvc repro --force --single-item {producer}`"
        )


def _behind(root: Path) -> Iterator[str]:
    """A line for old rows, which would else stand beside new counts as if both were of one run."""
    if not (root / PIPELINE).exists():
        return
    steps = read_pipeline(root, read_yaml(root / PARAMS)).steps
    old = behind(root, steps, readable_lock(root))
    names = [
        step.stage for step in steps if step.address in old and step.stage in (*_COUNTED, "benchmark_tables")
    ]
    if names:
        yield f"older than their inputs or params: {', '.join(names)}; `dvc repro` brings them up to date"
        yield ""


def _table(root: Path) -> Iterator[str]:
    table = root / paths.TABLES / "table1.md"
    if not table.exists():
        raise MissingArtefactError(f"{paths.TABLES}/table1.md", "benchmark_tables")
    yield "# Table 1"
    yield from table.read_text(encoding="utf-8").strip().split("\n")


def _kept(root: Path) -> Iterator[str]:
    read: dict[str, Mapping[str, Any]] = {s: report.read(root / paths.report(s)) for s in _COUNTED}
    yield "# Kept and dropped"
    for stage in _COUNTED:
        counts = ", ".join(f"{name} {number}" for name, number in sorted(read[stage]["counts"].items()))
        yield f"  {stage:16s} {counts}"
        for reason, number in sorted(read[stage]["reasons"].items()):
            yield f"  {'':16s} {number} x {reason}: {MEANINGS.get(reason, reason)}"
        for note in read[stage]["notes"]:
            yield f"  {'':16s} {note}"


def _next(root: Path) -> Sequence[str]:
    return (
        "# Where to look next",
        f"  {paths.TABLES}/    Table 1 as Markdown, LaTeX and CSV",
        f"  {paths.PICTURES}/pictures.html    rainy, restored by each method, clean, in a browser",
        f"  {paths.GALLERY}/gallery.html    every pair with its references, votes and reasons, in a browser",
        f"  {paths.TRUST}/trust.html    how far the judges can be trusted, on pairs of known quality",
        "  unirain explain PAIR_ID    one pair's whole story",
        "  unirain judge-figures      how well the judges tell planted rain from good rain",
        "  dvc metrics show, dvc plots show    the same figures a row a variant, the curves of the trainings",
        "  git add dvc.lock params.yaml reports; git commit    keeps this result: DVC finds its data by dvc.lock",
        "  make ui                    Dagster's graph of all this, and MLflow's runs",
    )
