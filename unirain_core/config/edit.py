"""More entries in a YAML file that a person wrote: lines are added, and no other byte changes."""

import re
from collections.abc import Sequence
from pathlib import Path

from unirain_core.config.load import parse_yaml
from unirain_core.errors import ConfigError

Keys = tuple[str, ...]


def with_entries(path: Path, entries: Sequence[tuple[Keys, str]]) -> str:
    """The text of a YAML file with more lines, each at the end of a mapping; its comments and its form stay untouched.

    Args:
        path: the file.
        entries: keys of a mapping from the top, none for the whole file; and a line such as `name: value`, without indentation.

    Raises:
        ConfigError: a mapping is not written in lines of its own, so that nothing can be added without rewriting it.
    """
    text = path.read_bytes().decode("utf-8") if path.exists() else ""  # its line ends stay as they are
    for keys, line in entries:
        text = _with_line(path, text, keys, line)
    return text


def with_entry(path: Path, keys: Keys, line: str) -> str:
    """As `with_entries`, for one line."""
    return with_entries(path, [(keys, line)])


def _with_line(path: Path, text: str, keys: Keys, line: str) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    place = ".".join(keys) or "the file"
    refusal = ConfigError(
        f"{path.name}: {place} is not written with one key a line; add the line `{line}` to it yourself"
    )
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += end
    start, stop, indent = 0, len(lines), ""
    for key in keys:
        found = [n for n in range(start, stop) if re.match(rf"{indent}{re.escape(key)}:", lines[n])]
        if not found:
            raise refusal
        start, indent = found[0] + 1, _indent_below(lines, found[0] + 1, len(indent))
        lines[start - 1] = re.sub(r":\s*(?:\{\s*\}|null|~)", ":", lines[start - 1])
        stop = _end(lines, start, len(indent))
    lines.insert(stop, f"{indent}{line}{end}")
    new = "".join(lines)
    wanted = _with(parse_yaml(path, text), keys, parse_yaml(path, line))
    try:
        is_right = parse_yaml(path, new) == wanted
    except ConfigError:  # a mapping in braces, or a list
        raise refusal from None
    if not is_right:
        raise refusal
    return new


def _indent_below(lines: list[str], start: int, above: int) -> str:
    """How far the first line of a mapping's content is indented."""
    for line in lines[start:]:
        content = line.strip()
        if content and not content.startswith("#"):
            width = len(line) - len(line.lstrip(" "))
            return " " * (width if width > above else above + 2)
    return " " * (above + 2)


def _end(lines: list[str], start: int, width: int) -> int:
    """Behind the last line of a mapping whose keys are indented so far; comments after it are of what follows."""
    end = start
    for number in range(start, len(lines)):
        content = lines[number].strip()
        if content and not content.startswith("#"):
            if len(lines[number]) - len(lines[number].lstrip(" ")) < width:
                break
            end = number + 1
    return end


def _with(content: object, keys: Keys, entry: object) -> object:
    """A value with one more entry below some keys."""
    whole = dict(content) if isinstance(content, dict) else {}
    if not keys:
        return whole | dict(entry) if isinstance(entry, dict) else whole
    return whole | {keys[0]: _with(whole.get(keys[0]), keys[1:], entry)}
