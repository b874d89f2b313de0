"""Add one entry to a YAML file that a person wrote: a line is added, and all other lines stay as they are."""

import re
from pathlib import Path

from unirain_core.config.load import parse_yaml, read_yaml
from unirain_core.errors import ConfigError

Keys = tuple[str, ...]


def with_entry(path: Path, keys: Keys, line: str) -> str:
    """The text of a YAML file with one more line at the end of a mapping, its comments and its form untouched.

    Args:
        path: the file.
        keys: of the mapping from the top; none: the whole file.
        line: such as `name: value`, without indentation.

    Raises:
        ConfigError: the mapping is not written in lines of its own, so that nothing can be added without rewriting it.
    """
    text = _text(path)
    place = ".".join(keys) or "the file"
    refusal = ConfigError(
        f"{path.name}: {place} is not written with one key a line; add the line `{line}` to it yourself"
    )
    lines = text.splitlines(keepends=True)
    line_end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += line_end
    start, stop, indent = 0, len(lines), ""
    for key in keys:
        places = [n for n in range(start, stop) if re.match(rf"{indent}{re.escape(key)}:", lines[n])]
        if not places:
            raise refusal
        start = places[0] + 1
        indent = _indent_below(lines, start, len(indent))
        # an empty mapping in braces gets lines of its own
        lines[start - 1] = re.sub(r":\s*(?:\{\s*\}|null|~)", ":", lines[start - 1])
        stop = _end(lines, start, len(indent))
    lines.insert(stop, f"{indent}{line}{line_end}")
    new = "".join(lines)
    # the text is edited as lines, so it is read again: it must mean the old content and the new entry
    wanted = _with(read_yaml(path) if path.exists() else None, keys, parse_yaml(path, line))
    try:
        is_right = parse_yaml(path, new) == wanted
    except ConfigError:  # a mapping in braces, or a list
        raise refusal from None
    if not is_right:
        raise refusal
    return new


def _text(path: Path) -> str:
    """The text with its own line ends, which an editor of another system may have written; empty where there is no file."""
    if not path.exists():
        return ""
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def _indent_below(lines: list[str], start: int, above: int) -> str:
    """How far the first line of a mapping's content is indented."""
    for line in lines[start:]:
        content = line.strip()
        if content and not content.startswith("#"):
            width = len(line) - len(line.lstrip(" "))
            return " " * (width if width > above else above + 2)
    return " " * (above + 2)


def _end(lines: list[str], start: int, width: int) -> int:
    """The place after the last line of a mapping.

    Comments after that line belong to the next key, so they stay behind the place.

    Args:
        lines: of the file.
        start: first line of the mapping's content.
        width: spaces before its keys.
    """
    end = start
    for number in range(start, len(lines)):
        content = lines[number].strip()
        if content and not content.startswith("#"):
            if len(lines[number]) - len(lines[number].lstrip(" ")) < width:
                break
            end = number + 1
    return end


def _with(content: object, keys: Keys, entry: object) -> object:
    """The content of a file with one more entry in the mapping below some keys."""
    whole = dict(content) if isinstance(content, dict) else {}
    if not keys:
        return whole | dict(entry) if isinstance(entry, dict) else whole
    return whole | {keys[0]: _with(whole.get(keys[0]), keys[1:], entry)}
