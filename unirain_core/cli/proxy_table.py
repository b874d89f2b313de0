"""The table of `unirain ablate data`: a row for each finished proxy."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from unirain_core.artefacts.whole import write_text
from unirain_core.errors import ConfigError
from unirain_core.training.proxy_ranks import Proxy

FILE = "proxies.csv"
FIXED = ("mixture", "family", "seed", "steps", "pairs", "key")
_PSNR = "psnr_"

Place = tuple[str, str]
"""Mixture and key of a proxy: two mixtures of the same pairs have one key."""


def read(table: Path) -> dict[Place, Proxy]:
    """The finished proxies; none where there is no table.

    Raises:
        ConfigError: the file is another table, or a line of it was edited.
    """
    if not table.exists():
        return {}
    proxies: dict[Place, Proxy] = {}
    lines = csv.DictReader(table.read_text(encoding="utf-8").splitlines())
    if tuple(lines.fieldnames or ())[: len(FIXED)] != FIXED:
        raise ConfigError(f"{table} is no table of proxies; move it away, or give another folder with --out")
    for line in lines:
        try:
            proxy = _proxy(line)
        except (TypeError, ValueError):  # a field is missing, or no number
            raise ConfigError(
                f"{table}: line {lines.line_num} is malformed; correct or remove the line"
            ) from None
        proxies[proxy.mixture, proxy.key] = proxy
    return proxies


def _proxy(line: Mapping[str, str]) -> Proxy:
    """A row of the table."""
    return Proxy(
        mixture=line["mixture"],
        family=line["family"],
        seed=int(line["seed"]),
        steps=int(line["steps"]),
        pairs=int(line["pairs"]),
        key=line["key"],
        psnr={name.removeprefix(_PSNR): float(v) for name, v in line.items() if name.startswith(_PSNR) and v},
    )


def write(table: Path, proxies: Sequence[Proxy]) -> None:
    """Write all rows, whole or not at all."""
    types = dict.fromkeys(name for proxy in proxies for name in proxy.psnr)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*FIXED, *(f"{_PSNR}{name}" for name in types)])
    for proxy in proxies:
        values = [f"{proxy.psnr[name]:.6f}" if name in proxy.psnr else "" for name in types]
        writer.writerow([*(getattr(proxy, name) for name in FIXED), *values])
    write_text(table, text.getvalue())
