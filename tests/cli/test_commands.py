"""The list of commands needs none of their modules, and says of each what its own help says."""

import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from unirain_core.cli.commands import COMMANDS, add_commands

LIBRARIES = ("numpy", "pyarrow", "PIL", "pydantic", "ruamel.yaml", "polars", "tqdm")
PROGRAM = """
import sys
from unirain_core.cli.main import main
sys.argv = ["unirain", *sys.argv[1:]]
try:
    main()
finally:
    print([m for m in sys.modules if m.startswith("unirain_core.cli.")], file=sys.stderr)
    print([m for m in {libraries!r} if m in sys.modules], file=sys.stderr)
"""


def loaded(*arguments):
    """What a command line prints, and the modules that it has loaded by then."""
    program = PROGRAM.format(libraries=LIBRARIES)
    command = [sys.executable, "-c", program, *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    own, libraries = answer.stderr.splitlines()[-2:]
    return answer.stdout, own, libraries


@pytest.mark.parametrize("name", COMMANDS)
def test_a_summary_is_the_first_line_of_the_commands_own_help(name):
    command = COMMANDS[name]
    function = command.load()

    assert function.__name__.replace("_", "-") == name
    assert (function.__doc__ or "").splitlines()[0] == command.summary


def test_the_help_names_every_command_and_loads_none():
    text, own, libraries = loaded("--help")

    assert [name for name in COMMANDS if f"│ {name} " not in text] == []
    assert not any(f"cli.{command.module}'" in own for command in COMMANDS.values())
    assert libraries == "[]"


def test_a_command_is_loaded_without_the_others():
    text, own, _ = loaded("gc", "--help")

    assert "The work of a stage whose latest run was interrupted stays." in text
    assert "unirain_core.cli.gc" in own
    assert not any(f"cli.{other.module}'" in own for name, other in COMMANDS.items() if name != "gc")


def test_every_command_can_be_called_by_its_name():
    for name in COMMANDS:
        app = typer.Typer()
        app.callback()(lambda: None)
        add_commands(app, ["unirain", name])
        answer = CliRunner().invoke(app, [name, "--help"])

        assert (answer.exit_code, COMMANDS[name].summary[:30] in answer.output) == (0, True)
