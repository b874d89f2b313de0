"""The command line starts cheaply, and nothing heavy is imported by accident."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "transformers", "dagster", "mlflow", "qdrant_client", "qdrant_edge", "sklearn", "skimage")


@pytest.mark.parametrize("module", ["unirain_core.cli.main"])
def test_importing_the_command_line_loads_nothing_heavy(module):
    program = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"
