"""Files that cannot be used are kept under another name; nothing that a person might want is deleted."""

from pathlib import Path


def put_aside(path: Path) -> Path:
    """Free a name; what stood there is now the first free one of `<name>.damaged-1` and so on, which is returned."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(aside)
    return aside
