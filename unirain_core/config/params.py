"""The whole of params.yaml as one value, and the checks between its sections."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from unirain_core.config.architectures import NetworkSection
from unirain_core.config.models import EncoderModelSection, JudgeModelSection
from unirain_core.config.sections import (
    BenchmarkScores,
    Coverage,
    DataAblation,
    Encoders,
    JudgeTrust,
    Method,
    Pictures,
    QueryCaptions,
    RainragSplit,
    RainType,
    RawDatasets,
    RetrievedReferences,
    SampleCorpus,
    Strategy,
    Training,
    Variant,
    VectorStore,
    VerifiedPairs,
    VlmVotes,
)
from unirain_core.config.splits import Benchmark, RainragOfficial, TrainingSplit, TrainingSplitSection

SMALLEST_SCORED = {"unirain": 11, "unirain_test": 16, "skimage_rgb": 11}
"""Shortest side of a picture, in pixels, that a protocol can score (`imaging/protocols.py`).

`skimage_rgb` itself needs 7, but training measures SSIM on the same pictures with a window of 11.
"""

SPLIT_OF_THE_PAPER = "rainrag"
"""The distilled set, which needs no section in `training_splits`."""
HELD_OUT = {"unfiltered", "test", "val"}
"""Sets that stage rainrag_split holds out."""

KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
"""A key that begins with `-` would be an option of the command that DVC runs: `--partition -x`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """The whole of params.yaml; a stage is handed only the keys it names."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": True}

    profile: str
    """Name of this set of params."""
    rain_types: tuple[RainType, ...]
    """The K rain types, in the order of all tables."""
    sample_corpora: dict[str, SampleCorpus]
    raw_datasets: RawDatasets
    verified_pairs: VerifiedPairs
    encoder_models: dict[str, EncoderModelSection]
    """Captioners, encoders and rewriters that can be named."""
    encoders: Encoders
    query_captions: QueryCaptions
    vector_store: VectorStore
    retrieved_references: RetrievedReferences
    judge_models: dict[str, JudgeModelSection]
    """Judges that can be named."""
    vlm_votes: VlmVotes
    rainrag_split: RainragSplit
    training_splits: dict[str, TrainingSplitSection]
    """Further splits that a variant can be trained on, by name; `rainrag` is always there."""
    benchmarks: dict[str, Benchmark]
    """Named test sets; `test` and `unfiltered` are always there."""
    networks: dict[str, NetworkSection]
    strategies: dict[str, Strategy]
    variants: dict[str, Variant]
    methods: dict[str, Method]
    training: Training
    benchmark_scores: BenchmarkScores
    pictures: Pictures
    judge_trust: JudgeTrust
    coverage: Coverage
    data_ablation: DataAblation

    def __post_init__(self) -> None:
        _check_types(self)
        _check_names(self)
        _check_variants(self)
        _check_datasets(self)
        _check_splits(self)
        _check_sizes(self)
        for name, variant in self.variants.items():
            _check_network(self, variant.network, name)
            _check_strategy(self, variant.strategy)


def _check_types(params: Params) -> None:
    types = params.rain_types
    if not types or len(set(types)) != len(types) or not all(name.isidentifier() for name in types):
        raise ValueError(f"rain_types must be distinct plain names, at least one; found {list(types)}")


def _check_names(params: Params) -> None:
    """Keys become path parts and DVC stage names."""
    tables = {
        "variants": list(params.variants),
        "methods": list(params.methods),
        "sample_corpora": list(params.sample_corpora),
        "training_splits": list(params.training_splits),
        "benchmarks": list(params.benchmarks),
    }
    for table, keys in tables.items():
        for key in keys:
            if not KEY.fullmatch(key):
                raise ValueError(
                    f"{table}.{key}: a name of the letters a to z, digits, - and _ is expected, and it begins with a "
                    "letter or _"
                )
    both = sorted(set(params.variants) & set(params.methods))
    if both:
        raise ValueError(f"variants and methods share the names {both}; rename one of each two")


def _check_variants(params: Params) -> None:
    """The split, the network and the strategy that a variant names must exist; the tables need one row of each kind."""
    for table, rows in (("variants", params.variants), ("methods", params.methods)):
        if not rows:
            raise ValueError(
                f"{table}: empty, and benchmark_tables reads the scores of at least one; add one"
            )
    named = (
        ("split", {SPLIT_OF_THE_PAPER, *params.training_splits}),
        ("network", params.networks),
        ("strategy", params.strategies),
    )
    for name, variant in params.variants.items():
        for field, known in named:
            if getattr(variant, field) not in known:
                raise ValueError(
                    f"variants.{name}.{field}: {getattr(variant, field)!r} is not one of {sorted(known)}"
                )


def _check_datasets(params: Params) -> None:
    """A misspelt name would be a value that nothing reads."""
    datasets = sorted(params.raw_datasets.datasets)
    for name in params.verified_pairs.per_dataset:
        if name not in datasets:
            raise ValueError(
                f"verified_pairs.per_dataset.{name}: is not one of raw_datasets.datasets: {datasets}; "
                "correct the name, or remove it"
            )


def _check_splits(params: Params) -> None:
    """Sources must exist, and no name may mean two sets."""
    datasets = sorted(params.raw_datasets.datasets)
    tables: dict[str, Mapping[str, TrainingSplit | Benchmark]] = {
        "training_splits": params.training_splits,
        "benchmarks": params.benchmarks,
    }
    taken = {"training_splits": {SPLIT_OF_THE_PAPER, "pyramid"} | HELD_OUT, "benchmarks": HELD_OUT}
    for table, sections in tables.items():
        for name, section in sections.items():
            if name in taken[table]:
                raise ValueError(
                    f"{table}.{name}: stage rainrag_split makes a set of that name; choose another"
                )
            foreign = _foreign_to_the_authors(section, params)
            if foreign:
                raise ValueError(
                    f"{table}.{name}.sources: {', '.join(foreign)} is not of the layout rainrag, which the authors' own "
                    "folders have; correct the sources, or choose another kind"
                )
            strange = [source for source in section.sources if source not in datasets]
            if strange:
                raise ValueError(
                    f"{table}.{name}.sources: {', '.join(strange)} is not one of raw_datasets.datasets: {datasets}; "
                    "correct the name, or remove it"
                )


def _foreign_to_the_authors(section: TrainingSplit | Benchmark, params: Params) -> list[str]:
    """Sources of a set that the authors published, but which they did not."""
    if not isinstance(section, RainragOfficial):
        return []
    datasets = params.raw_datasets.datasets
    return [name for name in section.sources if name in datasets and datasets[name].layout != "rainrag"]


def _check_sizes(params: Params) -> None:
    """A picture that passes verified_pairs must be large enough to be scored."""
    smallest, protocol = params.verified_pairs.min_side, params.benchmark_scores.protocol
    if smallest < SMALLEST_SCORED[protocol]:
        raise ValueError(
            f"verified_pairs.min_side: {smallest} lets in pictures that protocol '{protocol}' cannot score; "
            f"at least {SMALLEST_SCORED[protocol]} works"
        )
    for name, corpus in params.sample_corpora.items():
        side = min(corpus.height, corpus.width)
        if side < smallest:
            raise ValueError(
                f"sample_corpora.{name}: its pictures have a side of {side} pixels, and verified_pairs.min_side "
                f"{smallest} drops them all; render at least {smallest} pixels or lower min_side"
            )


def _check_network(params: Params, network: str, variant: str) -> None:
    """A crop that the levels cannot halve would show the deepest level nothing but reflections."""
    smallest = params.networks[network].multiple
    if params.training.patch < smallest:
        raise ValueError(
            f"training.patch: {params.training.patch} is too small for network '{network}' of variant "
            f"'{variant}', whose deepest level sees 1 pixel for {smallest}; at least {smallest} works"
        )


def _check_strategy(params: Params, name: str) -> None:
    """The printed form is unbounded, the weights can be updated in so many steps, and their floor leaves room for all types."""
    strategy, kinds = params.strategies[name], len(params.rain_types)
    if strategy.preset == "printed" and strategy.af_logit_cap is not None:
        raise ValueError(
            f"strategies.{name}.af_logit_cap: {strategy.af_logit_cap:g}, but the printed Eq. 9 has no such bound; with the preset "
            "'printed' it must be null"
        )
    if strategy.min_weight * kinds > 1:
        largest = math.floor(1e4 / kinds) / 1e4  # rounded down: 0.1667 for 6 types would be refused again
        raise ValueError(
            f"strategies.{name}.min_weight: {strategy.min_weight} for each of {kinds} rain types exceeds 1; "
            f"at most {largest:g} works"
        )
    if strategy.preset != "uniform" and strategy.update_every > params.training.steps:
        raise ValueError(
            f"strategies.{name}.update_every: {strategy.update_every} exceeds training.steps "
            f"{params.training.steps}, so that the weights would never change; at most {params.training.steps} works"
        )
