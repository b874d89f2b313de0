"""Markdown stays Markdown in a pipe, and a terminal gets tables and bold figures in place of its signs."""

import io

from rich.console import Console

from unirain_core.cli.terminal import draw, show

LINES = (
    "# Table 1",
    "",
    "PSNR in dB, protocol `unirain`; run `pip install 'unirain[lpips]'`.",
    "| method | drs |",
    "| --- | --- |",
    "| input | <u>23.11</u> / 0.7926 |",
    "| gated | **26.79** / **0.8302** |",
    "  kept     172 pairs",
)


def drawn(*, colours):
    file = io.StringIO()
    draw(
        LINES,
        Console(file=file, width=100, force_terminal=colours, color_system="standard" if colours else None),
    )
    return file.getvalue()


def test_a_pipe_gets_the_lines_as_they_are(capsys):
    show(LINES)

    assert list(LINES) == capsys.readouterr().out.splitlines()


def test_no_sign_of_markdown_reaches_a_terminal():
    text = drawn(colours=False)

    for sign in ("**", "<u>", "</u>", "---", "# ", "`"):
        assert sign not in text
    for kept in ("Table 1", "unirain[lpips]", "23.11 / 0.7926", "26.79 / 0.8302", "  kept     172 pairs"):
        assert kept in text


def test_the_best_is_bold_and_the_second_underlined():
    text = drawn(colours=True)

    assert "\x1b[1m26.79\x1b[0m / \x1b[1m0.8302\x1b[0m" in text
    assert "\x1b[4m23.11\x1b[0m" in text


def test_a_terminal_is_drawn_on(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    show(LINES)

    assert "**" not in capsys.readouterr().out
