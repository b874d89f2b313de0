"""A person's own rule for a tree that no layout of the catalogue takes."""

import re
from dataclasses import replace

from unirain_core.errors import ConfigError
from unirain_core.sources.catalogue import Record
from unirain_core.sources.layouts import Example, Layout, Partner
from unirain_core.sources.rules import expansions
from unirain_core.sources.tree import Tree

LAYOUT = "paired"
"""The one entry that a rule goes with: it knows nothing of the tree, and so contradicts nothing."""

_SUFFIX = r"\.[^./]+"


def layouts_of(key: str, rule: tuple[str, str] | None, record: Record, tree: Tree) -> tuple[Layout, ...]:
    """The layouts that read a dataset's tree: those of its entry, or the one that the rule makes.

    Args:
        key: of the dataset in params, for messages.
        rule: pattern of the rainy pictures without suffix, and the clean one's path without suffix; None: there is none.
        record: the dataset's entry of the catalogue.
        tree: the dataset's.

    Raises:
        ConfigError: the rule stands beside another entry, cannot be read, takes too long, or matches no picture.
    """
    if rule is None:
        return tuple(record.layouts)
    if record.id != LAYOUT:
        raise ConfigError(
            f"{key}.pair_rule: layout '{record.id}' has rules of its own; write `layout: {LAYOUT}` beside it"
        )
    stems = [path.rpartition(".")[0] for path in tree.pictures()]
    partners = expansions(f"{key}.pair_rule", rule, stems)
    if not partners:
        first = f" (the first is {stems[0]})" if stems else ""
        raise ConfigError(
            f"{key}.pair_rule: the pattern {rule[0]!r} matches none of {len(stems)} pictures{first}; it must match the whole path below "
            "the dataset's folder, without the suffix"
        )
    stem, partner = next(iter(partners.items()))
    pattern, replacement = rule
    target = Partner(((f"(?:{pattern}){_SUFFIX}", f"{replacement}.png"),), any_suffix=True)
    layout = replace(
        record.layouts[0],
        root_hint="the folder to which the pair_rule applies",
        input_glob=("**/*",),
        is_input=re.compile(f"(?:{pattern}){_SUFFIX}"),
        target=target,
        examples=(Example(input=f"{stem}.png", target=f"{partner}.png", split=None, types=()),),
    )
    return (layout,)
