"""The version, and what a shell is told when a person presses the tabulator."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from unirain_core.stages import ORDER

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "unirain_core.cli.main"]


def completed(*words):
    """What bash is offered for the last of these words, as the script of `--show-completion` asks."""
    line = " ".join(["unirain", *words])
    asked = {"_UNIRAIN_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words))}
    answer = subprocess.run(PROGRAM, capture_output=True, text=True, check=False, env=os.environ | asked)
    return answer.stdout.split()


def test_the_version_is_that_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    answer = subprocess.run([*PROGRAM, "--version"], capture_output=True, text=True, check=True)

    assert f"unirain {project['version']}" == answer.stdout.strip()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("su",), ["summary"]),
        (("run", "rain"), ["rainrag_split"]),
        (("gc", "--"), ["--help"]),
        (("export", "split", "test", "out", "--form", "fo"), ["folders"]),
    ],
)
def test_commands_stages_options_and_choices_are_completed(words, offered):
    assert offered == completed(*words)


def test_every_stage_is_offered():
    assert sorted(ORDER) == sorted(completed("run", ""))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_asks_this_program(shell):
    hidden = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    command = [*PROGRAM, "--show-completion", shell]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | hidden)

    assert f"_UNIRAIN_COMPLETE=complete_{shell}" in answer.stdout


def test_bash_takes_the_script():
    hidden = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    script = subprocess.run(
        [*PROGRAM, "--show-completion", "bash"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | hidden,
    ).stdout
    answer = subprocess.run(
        ["bash", "-c", f"{script}\ncomplete -p unirain"], capture_output=True, text=True, check=True
    )

    assert answer.stdout.strip().endswith("unirain")
