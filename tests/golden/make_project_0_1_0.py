"""Make `project-0.1.0.tar.xz`: what version 0.1.0 leaves on disk, so that later versions are tried on it.

    git worktree add --detach /tmp/unirain-0.1.0 3a3f421
    cd /tmp/unirain-0.1.0
    PYTHONPATH=. python .../tests/golden/make_project_0_1_0.py project-0.1.0.tar.xz

The archive holds the lock, params, reports, work store, journals, MLflow's store and the outs of a tiny project after one
`dvc repro`. The sample corpus and the tables are left out: they are the larger half, and the pipeline makes them again.
Packed once, on 2026-11-27, in the folder /tmp/golden/project: its paths stand in MLflow's store, as they do in a project
that somebody moved.
"""

import sys
import tarfile
import tempfile
from pathlib import Path

from benchmarks.tiny_project import run, tiny_project

KEPT = ("dvc.lock", "dvc.yaml", "params.yaml", "reports", ".unirain", ".mlflow", "data")
LEFT_OUT = ("sample_corpus", "tables", "partial", "locks")


def without_the_larger_half(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out folders by name, and the owner's names and numbers."""
    if any(part in LEFT_OUT for part in Path(member.name).parts if "reports" not in member.name):
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def main(archive: Path) -> None:
    """Run the pipeline of the version that is imported, and pack what it left."""
    with tempfile.TemporaryDirectory() as temporary:
        project = tiny_project(Path(temporary) / "project")
        run(project, sys.executable, "-m", "dvc", "repro")
        with tarfile.open(archive, "w:xz") as packed:
            for name in KEPT:
                packed.add(project / name, arcname=name, filter=without_the_larger_half)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
