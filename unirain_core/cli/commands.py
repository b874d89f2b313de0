"""The commands of `unirain` by name, and the command line that loads only those that a person typed."""

import inspect
from collections.abc import Callable, Container
from dataclasses import dataclass
from importlib import import_module

import typer


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Where a command's function stands, and its line in the list of all commands."""

    module: str
    """Of the package `cli`."""
    function: str
    summary: str
    """The first line of the function's docstring, so that the list needs no import of thirteen modules (0.25 s)."""

    def load(self) -> Callable[..., None]:
        """Import the module."""
        function: Callable[..., None] = getattr(
            import_module(f"unirain_core.cli.{self.module}"), self.function
        )
        return function


COMMANDS = {
    "run": Command(
        module="run",
        function="run",
        summary="Run one stage of the pipeline; this is what `dvc repro` calls.",
    ),
    "summary": Command(
        module="summary",
        function="summary",
        summary="Print Table 1, what was kept and dropped and why, and where to look next.",
    ),
    "ui": Command(
        module="ui",
        function="ui",
        summary="Open Dagster, MLflow and the pages on this machine, for this machine alone; Ctrl-C closes all.",
    ),
    "datasets": Command(
        module="datasets",
        function="datasets",
        summary="Print the catalogue or the entry of an id, `check` the datasets of params, or `add PATH` to them.",
    ),
    "explain": Command(
        module="explain",
        function="explain",
        summary="Print what every stage that has run says of one pair or photo.",
    ),
    "judge-figures": Command(
        module="judges",
        function="judge_figures",
        summary="Print how much good rain each judge and the majority keep, and how much planted rain they catch.",
    ),
    "audit": Command(
        module="audit",
        function="audit",
        summary="Ask the judges about a sample in other ways, print how many votes flip, and write reports/judge_audit.json.",
    ),
    "review": Command(
        module="review",
        function="review",
        summary="Label a sample of the verified pairs in a browser with the keyboard; Ctrl-C ends it.",
    ),
    "export": Command(
        module="export",
        function="export",
        summary="Write the pictures of a split into folders or shards, with a dataset card, terms and sources.",
    ),
    "ablate": Command(
        module="ablate",
        function="ablate",
        summary="Vary the data with small proxies, or write variants of the paper, such as the rows of Table 6, into params.yaml.",
    ),
    "derain": Command(
        module="derain",
        function="derain",
        summary="Remove rain from photos of any size; names and sub-folders stay, pictures are written as PNG.",
    ),
    "sample-corpus": Command(
        module="sample_corpus",
        function="sample_corpus",
        summary="Render rain over photographs: labelled pairs in six datasets' layouts, and unlabelled photos.",
    ),
    "track": Command(
        module="track",
        function="track",
        summary="Send every training's journal to MLflow as far as it has not seen it; sending twice changes nothing.",
    ),
    "sync": Command(
        module="ui",
        function="sync",
        summary="Show in Dagster what `dvc repro` ran in a shell (an open Dagster does so by itself).",
    ),
    "gc": Command(
        module="gc",
        function="gc",
        summary="Delete finished work that no stage used in its latest run, and say what that freed; put small pieces together.",
    ),
    "prepare": Command(
        module="prepare",
        function="prepare",
        summary="Make DVC and the MLflow store ready, so that two trainings need not make the store at the same time.",
    ),
    "doctor": Command(
        module="doctor",
        function="doctor",
        summary="Check installation, devices, data, weights, servers, locks and disks, with a remedy for each problem.",
    ),
    "verify": Command(
        module="verify",
        function="verify",
        summary="Check all outs, all finished work and all objects of DVC's cache against their hashes.",
    ),
}


def add_commands(app: typer.Typer, words: Container[str]) -> None:
    """Add all commands to the command line.

    Args:
        app: without commands.
        words: those that a person typed. A command among them is loaded; of another one the name and the summary suffice.
    """
    for name, command in COMMANDS.items():
        if name in words:
            function = command.load()
            app.command(name, help=_help(function))(function)
        else:
            app.command(name, help=command.summary)(_not_typed)


def _help(function: Callable[..., None]) -> str:
    """A docstring's paragraphs but for its list of errors, which is for those who call the function; a terminal wraps them."""
    text, _, _errors = inspect.cleandoc(function.__doc__ or "").partition("\n\nRaises:")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _not_typed() -> None:
    """Stand for a command whose name is not among the words, so that nobody can call it."""
