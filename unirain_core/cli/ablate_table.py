"""`unirain ablate table6`, `figure7` and `paper_literal`: variants of the paper's own, written into params.yaml."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Literal, assert_never

from unirain_core.artefacts.whole import rewrite
from unirain_core.config.edit import Keys, with_entries
from unirain_core.config.load import load_params, params_of, parse_yaml
from unirain_core.config.params import Params
from unirain_core.config.sections import Network, Preset, Routing, Strategy, Variant
from unirain_core.errors import ConfigError

PARAMS = "params.yaml"

Table = Literal["table6", "figure7", "paper_literal"]

TABLE_6: dict[str, tuple[Routing, Routing]] = {
    "no_experts": ("none", "none"),
    "soft_soft": ("soft", "soft"),
    "hard_hard": ("hard", "hard"),
    "hard_soft": ("hard", "soft"),
    "soft_hard": ("soft", "hard"),
}
"""Routing of encoder and decoder in the rows of Table 6; the last is the paper's own network."""

FIGURE_7: tuple[Preset, ...] = ("fixed_af", "no_tss", "no_tbs")
"""The objective's ablations in Figure 7; the whole objective is the base itself."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line that params lack."""

    keys: Keys
    """The mapping that it belongs to."""
    name: str
    value: Network | Strategy | Variant

    @property
    def line(self) -> str:
        """As params.yaml has it."""
        return f"{self.name}: {_flow(self.value)}"


def add(root: Path, table: Table, base_name: str) -> None:
    """Write the variants of a table below those of params.yaml, with the networks or strategies that they need.

    Args:
        root: of the project.
        table: which.
        base_name: the variant whose split, network, strategy and seed the new ones take, but for what the table varies.

    Raises:
        ConfigError: there is no such variant, it cannot be varied so, or a name is taken by something else.
    """
    params = load_params(root / PARAMS)
    if base_name not in params.variants:
        raise ConfigError(
            f"variants of {PARAMS}: there is no '{base_name}'; --base takes one of {', '.join(params.variants)}"
        )
    entries = list(_missing(params, table, base_name))
    if not entries:
        print(f"{PARAMS} names all variants of {table} already")
        return
    text = with_entries(root / PARAMS, [(entry.keys, entry.line) for entry in entries])
    params_of(parse_yaml(root / PARAMS, text), PARAMS)  # before anything is written
    rewrite(root / PARAMS, text)
    for entry in entries:
        print(f"{PARAMS}: below {'.'.join(entry.keys)}: `{entry.line}`")
    print("`dvc repro` trains what is new, and nothing else")


def _missing(params: Params, table: Table, base_name: str) -> Iterator[Entry]:
    base = params.variants[base_name]
    match table:
        case "table6":
            yield from _of_table_6(params, base)
        case "figure7":
            for preset in FIGURE_7:
                wanted = replace(params.strategies[base.strategy], preset=preset)
                yield from _with_strategy(
                    params, base, wanted, f"{base.strategy}_{preset}", f"figure7_{preset}"
                )
        case "paper_literal":
            printed = _as_printed(params.strategies[base.strategy])
            yield from _with_strategy(params, base, printed, "paper_literal", "paper_literal")
        case _:
            assert_never(table)


def _of_table_6(params: Params, base: Variant) -> Iterator[Entry]:
    network = params.networks[base.network]
    if not isinstance(network, Network):
        raise ConfigError(
            f"networks.{base.network}: Table 6 varies the routing of experts, and this network has none; name a variant of our own "
            "network with --base"
        )
    for name, (encoder, decoder) in TABLE_6.items():
        wanted = replace(network, encoder=encoder, decoder=decoder)
        own = next((known for known, section in params.networks.items() if section == wanted), None)
        if own is None:
            own = f"{base.network}_{name}"
            yield from _entry(params.networks, ("networks",), own, wanted)
        yield from _variant(params, f"table6_{name}", replace(base, network=own))


def _as_printed(strategy: Strategy) -> Strategy:
    """Eq. 9 as printed, with one update for each iteration, from the losses of training crops."""
    return replace(
        strategy,
        preset="printed",
        update_every=1,
        source="train",
        reference="first_window",
        af_logit_cap=None,
    )


def _with_strategy(
    params: Params, base: Variant, wanted: Strategy, strategy_name: str, variant_name: str
) -> Iterator[Entry]:
    """A variant with another strategy, and the strategy where none of params is the same."""
    own = next((known for known, section in params.strategies.items() if section == wanted), None)
    if own is None:
        own = strategy_name
        yield from _entry(params.strategies, ("strategies",), own, wanted)
    yield from _variant(params, variant_name, replace(base, strategy=own))


def _variant(params: Params, name: str, wanted: Variant) -> Iterator[Entry]:
    """A variant, unless another one is the same training."""
    if wanted not in params.variants.values():
        yield from _entry(params.variants, ("variants",), name, wanted)


def _entry(
    present: Mapping[str, object],
    keys: Keys,
    name: str,
    value: Network | Strategy | Variant,
) -> Iterator[Entry]:
    if name in present:
        raise ConfigError(
            f"{keys[0]}.{name} of {PARAMS} is another one than this table needs; rename it, or remove it"
        )
    yield Entry(keys, name, value)


def _flow(value: object) -> str:
    """A section as YAML in one line: every value stands there, since params name all of them."""
    if is_dataclass(value) and not isinstance(value, type):
        parts = [f"{field.name}: {_flow(getattr(value, field.name))}" for field in fields(value)]
        return "{" + ", ".join(parts) + "}"
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case tuple() | list():
            return "[" + ", ".join(_flow(part) for part in value) + "]"
        case _:
            return str(value)
