"""The command line `unirain`: parses, calls one function, turns errors into one paragraph and an exit code."""

import errno
import logging
import os
import shutil
import sys
import textwrap
import traceback
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Annotated

import typer

from unirain_core.cli import advice
from unirain_core.cli.commands import add_commands
from unirain_core.cli.extras import missing_library
from unirain_core.cli.project import current_root, project_root
from unirain_core.errors import UniRainError, without_password

app = typer.Typer(
    name="unirain",
    help="Distil a clean deraining set, train one network for four rain types, compare ablations.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        print(f"unirain {version('unirain')}")
        raise typer.Exit


@app.callback()
def _unirain(
    context: typer.Context,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Put right what a killed DVC left half written, whatever the command: DVC itself stops at it."""
    if context.invoked_subcommand == "doctor":  # it heals too, and goes on where only a person can
        return
    from unirain_core.artefacts import dvc_files  # pydantic and ruamel: --help needs neither

    for note in dvc_files.heal(current_root()):
        print(textwrap.fill(f"unirain: {note}", width=100, break_long_words=False), file=sys.stderr)


def main() -> None:
    """Entry point: exit codes 0 done, 1 failed, 2 wrong use or params, 3 a person must supply something."""
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger().handlers[0].addFilter(_hide_passwords)
    sys.excepthook = _unexpected(debug=debug)
    try:
        add_commands(app, _words())
        typer.main.get_command(app)(prog_name="unirain")  # not app(): that replaces sys.excepthook
    except UniRainError as error:
        _leave(error, advice.message(error), error.exit_code, debug=debug)
    except OSError as error:
        _leave(error, _of_the_system(error), 1, debug=debug)
    except ModuleNotFoundError as error:
        missing = missing_library(error.name)
        if missing is None:  # a defect of the program, which sys.excepthook tells
            raise
        _leave(error, str(missing), missing.exit_code, debug=debug)


def _words() -> list[str]:
    """Those that a person typed, also where a shell asks how they could go on."""
    asked = (os.environ.get(name, "") for name in ("COMP_WORDS", "_TYPER_COMPLETE_ARGS"))
    return [*sys.argv, *" ".join(asked).split()]


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""A full disk, a quota, a limit on the size of files."""


def _hide_passwords(record: logging.LogRecord) -> bool:
    """Take passwords out of a line of the log, other libraries' included."""
    record.msg, record.args = without_password(record.getMessage()), ()
    if record.exc_info:
        record.exc_text = without_password(logging.Formatter().formatException(record.exc_info))
    return True


def _of_the_system(error: OSError) -> str:
    """The refusal of the operating system in words, with the remedy where there is one."""
    what = f"{error.filename or 'a file'}: {error.strerror or error}"
    is_full = error.errno in _FULL
    if isinstance(error, shutil.Error):
        # of a copied folder: a list of source, target and text, without a number
        _source, target, text = error.args[0][0]
        what = f"{target}: {text}"
        is_full = any(os.strerror(number) in text for number in _FULL)
    if is_full:
        return (
            f"{what}; nothing half done was left under its name and what was finished is kept: make room "
            "(`unirain gc` removes finished work that nothing refers to) and run the same command again"
        )
    return what


def _leave(error: Exception, message: str, code: int, *, debug: bool) -> None:
    if debug:
        print(_traceback(error), file=sys.stderr)
    _log(error)
    for line in without_password(f"unirain: {message}").split("\n"):
        indent = line[: len(line) - len(line.lstrip())]  # lines to copy into a file keep theirs
        text = textwrap.fill(
            line.lstrip(),
            width=100,
            break_long_words=False,
            break_on_hyphens=False,
            initial_indent=indent,
            subsequent_indent=indent,
        )
        print(text, file=sys.stderr)
    sys.exit(code)


def _log_file() -> Path | None:
    """In the work store of the project; None outside of one, where nobody would look for it."""
    try:
        root = project_root(Path.cwd())
    except FileNotFoundError:  # somebody deleted the current folder
        return None
    return Path(os.environ.get("UNIRAIN_HOME") or root / ".unirain") / "errors.log" if root else None


def _log(error: BaseException) -> str:
    """Keep the traceback where a person can find it; returns where it is, in words."""
    path = _log_file()
    if path is None:
        return "--debug shows the traceback"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(without_password(f"$ {' '.join(sys.argv)}\n"))
            file.write(_traceback(error))
    except OSError:  # a full or read-only disk must not hide the first error
        pass
    return f"traceback in {path}"


def _traceback(error: BaseException) -> str:
    return without_password("".join(traceback.format_exception(error)))


def _unexpected(*, debug: bool):  # type: ignore[no-untyped-def]  # noqa: ANN202
    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if debug:
            print(_traceback(error), file=sys.stderr)
        where = _log(error)
        message = f"unirain: a defect of the program: {kind.__name__}: {error} ({where})"
        print(without_password(message), file=sys.stderr)

    return hook


if __name__ == "__main__":
    main()
