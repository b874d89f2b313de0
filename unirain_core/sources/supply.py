"""Whether the datasets of params can fill every rain type, by the catalogue alone, before anything is opened."""

from collections.abc import Iterator, Sequence

from unirain_core.config.sections import Dataset, RawDatasets
from unirain_core.errors import ConfigError
from unirain_core.sources import catalogue
from unirain_core.sources.admission import settle_types
from unirain_core.sources.catalogue import Catalogue
from unirain_core.sources.datasets import record_of
from unirain_core.sources.layouts import Unpaired


def demand_supply(pool: RawDatasets, rain_types: Sequence[str]) -> None:
    """Refuse a rain type that no labelled dataset of the pool shows: it would fail after hours, in `rainrag_split`.

    Args:
        pool: the section of params.
        rain_types: those of params.

    Raises:
        ConfigError: no dataset gives a type, or a dataset names no entry of the catalogue.
    """
    if not pool.datasets:
        return  # raw_datasets says that the pool is empty
    whole_catalogue = catalogue.load()
    shown: list[tuple[str, ...]] = []
    for name, dataset in pool.datasets.items():
        shown.extend(_shown(name, dataset, whole_catalogue))
    if () in shown:
        return  # types that are not told may be any
    scored = sorted(name for name, dataset in pool.datasets.items() if dataset.role == "benchmark")
    but = f" ({', '.join(scored)} of role benchmark are only scored)" if scored else ""
    for rain_type in rain_types:
        if not any(
            settle_types(types, pool.mixture_policy, [rain_type], whole_catalogue.shows)[0] for types in shown
        ):
            raise ConfigError(
                f"rain_types: no dataset of raw_datasets.datasets gives pairs of '{rain_type}'{but}; take it out of "
                f"rain_types, correct its spelling, or add a dataset: {whole_catalogue.advice(rain_type)}"
            )


def _shown(name: str, dataset: Dataset, whole_catalogue: Catalogue) -> Iterator[tuple[str, ...]]:
    """The rain types of the pictures that a dataset may hold: a tuple for each kind of picture; () is not told."""
    layouts = [
        layout for layout in record_of(name, dataset, whole_catalogue).layouts if layout.target != Unpaired()
    ]
    if dataset.role in ("benchmark", "real") or not layouts:
        return
    if dataset.rain_types:
        yield dataset.rain_types
        return
    for layout in layouts:
        yield layout.type_default
        yield from (types for _, types in layout.type_rules)
        yield from (types for _, types in layout.type_words)
