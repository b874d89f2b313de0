"""The command line starts cheaply, and nothing heavy is imported by accident."""

import subprocess
import sys

import pytest

from unirain_core.cli.commands import COMMANDS

HEAVY = ("torch", "transformers", "dagster", "mlflow", "qdrant_client", "qdrant_edge", "sklearn", "skimage")
MODULES = sorted({f"unirain_core.cli.{command.module}" for command in COMMANDS.values()})


@pytest.mark.parametrize("modules", ["unirain_core.cli.main", ", ".join(MODULES)])
def test_importing_the_command_line_loads_nothing_heavy(modules):
    program = f"import sys, {modules}; print([m for m in {HEAVY!r} if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"
