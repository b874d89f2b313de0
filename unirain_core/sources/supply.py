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
    known = catalogue.load()
    shown = [types for name, dataset in pool.datasets.items() for types in _shown(name, dataset, known)]
    if (
        not pool.datasets or () in shown
    ):  # the stage says that the pool is empty; types that are not told may be any
        return
    for rain_type in rain_types:
        if not any(settle_types(types, pool.mixture_policy, [rain_type], known.shows)[0] for types in shown):
            raise ConfigError(
                f"rain_types: no dataset of raw_datasets.datasets gives pairs of '{rain_type}'; take it out of "
                f"rain_types, correct its spelling, or add a dataset: {known.advice(rain_type)}"
            )


def _shown(name: str, dataset: Dataset, known: Catalogue) -> Iterator[tuple[str, ...]]:
    """What the pairs of a dataset can show, each time the types that one picture shows together; () is not told."""
    layouts = [layout for layout in record_of(name, dataset, known).layouts if layout.target != Unpaired()]
    if dataset.role == "real" or not layouts:
        return
    if dataset.rain_types:
        yield dataset.rain_types
        return
    for layout in layouts:
        yield layout.type_default
        yield from (types for _, types in layout.type_rules)
