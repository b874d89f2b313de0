"""Each command's help is for the person at the shell: no list of Python's errors, and a sentence for each argument."""

import pytest
import typer
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from unirain_core.cli import main
from unirain_core.cli.commands import COMMANDS, add_commands


def app_of(name):
    """The command line as if a person had typed this command."""
    app = typer.Typer()
    app.callback()(lambda: None)
    add_commands(app, [name])
    return app


@pytest.mark.parametrize("name", COMMANDS)
def test_no_help_lists_the_errors_of_a_function(name):
    answer = CliRunner().invoke(app_of(name), [name, "--help"])

    assert 0 == answer.exit_code
    assert "Raises" not in answer.output
    assert "Error:" not in answer.output
    assert COMMANDS[name].summary[:30] in answer.output


def test_the_lines_of_a_docstring_do_not_break_those_of_a_terminal():
    (help_of_gc,) = [command.help for command in app_of("gc").registered_commands if command.name == "gc"]

    assert help_of_gc
    assert 1 == help_of_gc.count("\n\n")
    assert 2 == help_of_gc.count("\n")
    assert "what another machine's latest run used." in help_of_gc


@pytest.mark.parametrize("name", COMMANDS)
def test_every_argument_and_option_has_a_help(name):
    group = get_command(app_of(name))
    assert isinstance(group, TyperGroup)
    command = group.commands[name]
    parameters = {parameter.name: getattr(parameter, "help", None) for parameter in command.params}

    assert [] == [parameter for parameter, text in parameters.items() if not text]


def test_the_options_of_the_whole_command_line_have_a_help_too():
    parameters = get_command(main.app).params
    named = {option for parameter in parameters for option in parameter.opts}

    assert {"--version", "--install-completion", "--show-completion"} <= named
    assert all(getattr(parameter, "help", None) for parameter in parameters)
