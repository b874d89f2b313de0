"""params.yaml to frozen sections; the only place that reads YAML and that knows pydantic."""

import difflib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from unirain_core.config.sections import (
    BenchmarkScores,
    BenchmarkTables,
    Dataset,
    Encoders,
    Method,
    Network,
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
from unirain_core.errors import ConfigError


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
    encoders: Encoders
    vector_store: VectorStore
    retrieved_references: RetrievedReferences
    vlm_votes: VlmVotes
    rainrag_split: RainragSplit
    networks: dict[str, Network]
    strategies: dict[str, Strategy]
    variants: dict[str, Variant]
    methods: dict[str, Method]
    training: Training
    benchmark_scores: BenchmarkScores
    benchmark_tables: BenchmarkTables

    def __post_init__(self) -> None:
        _check_types(self)
        _check_names(self)


def load_params(path: Path) -> Params:
    """Read and check a params file.

    Raises:
        ConfigError: the file is absent, is no YAML, or a key is unknown, missing or of a wrong value.
    """
    try:
        return TypeAdapter(Params).validate_json(json.dumps(read_yaml(path), allow_nan=False))
    except ValidationError as error:
        raise ConfigError(f"{path.name}: {_first(error)}") from None
    except (TypeError, ValueError) as error:  # a date, an alias of itself, an infinity
        raise ConfigError(f"{path.name}: a value that params cannot hold: {error}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _OneNetwork:
    """A network by itself, as it stands beside weights."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": True}

    network: Network


def parse_network(content: object) -> Network:
    """Read a network's section from the JSON beside its weights: every key, no other, each within its bounds.

    Raises:
        ConfigError: one of them is not as it should be.
    """
    try:
        text = json.dumps({"network": content}, allow_nan=False)
        return TypeAdapter(_OneNetwork).validate_json(text).network
    except ValidationError as error:
        raise ConfigError(_first(error)) from None
    except (TypeError, ValueError) as error:
        raise ConfigError(f"a value that no network has: {error}") from None


def read_yaml(path: Path) -> object:
    """Read a YAML file as DVC does (ruamel.yaml, safe): `2e-4` is a float, `on` a string.

    Raises:
        ConfigError: the file is absent or is no YAML.
    """
    try:
        content: object = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist; run from the root of the project") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{path} is no UTF-8 text (line {line} holds the byte {error.object[error.start]:#04x}); "
            "save it in the encoding UTF-8"
        ) from None
    except (YAMLError, RecursionError) as error:
        raise ConfigError(f"{path} is not readable as YAML: {' '.join(str(error).split())}") from None
    return content


def _first(error: ValidationError) -> str:
    """One problem as one sentence: an unknown key before all others, as it explains a missing one."""
    problem = min(error.errors(), key=lambda e: e["type"] != "unexpected_keyword_argument")
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "value_error":  # of our own checks, which say what they found
        message = problem["msg"].removeprefix("Value error, ")
        return f"{place}: {message}" if place else message
    if problem["type"] == "missing":
        return f"{place}: missing"
    value = repr(problem["input"])
    found = f"(found {value if len(value) <= 80 else value[:80] + ' ...'})"
    if problem["type"] == "unexpected_keyword_argument":
        near = difflib.get_close_matches(str(problem["loc"][-1]), sorted(_known_keys()), n=1)
        return f"{place}: unexpected key {found}" + (f"; nearest known: {near[0]}" if near else "")
    return f"{place or 'the whole file'}: {problem['msg']} {found}"


def _known_keys() -> set[str]:
    sections = (
        Params, SampleCorpus, RawDatasets, Dataset, VerifiedPairs, Encoders, VectorStore, RetrievedReferences,
        VlmVotes, RainragSplit, Network, Strategy, Variant, Method, Training, BenchmarkScores, BenchmarkTables,
    )  # fmt: skip
    return {name for section in sections for name in section.__dataclass_fields__}


def _check_types(params: Params) -> None:
    types = params.rain_types
    if not types or len(set(types)) != len(types) or not all(name.isidentifier() for name in types):
        raise ValueError(f"rain_types must be distinct plain names, at least one; found {list(types)}")


def _check_names(params: Params) -> None:
    """Keys become path parts and DVC stage names; what a variant names must exist."""
    tables = {
        "variants": list(params.variants),
        "methods": list(params.methods),
        "sample_corpora": list(params.sample_corpora),
    }
    for table, keys in tables.items():
        for key in keys:
            if not key.replace("-", "_").isidentifier():
                raise ValueError(f"{table}.{key}: a name of letters, digits, - and _ is expected")
    both = sorted(set(params.variants) & set(params.methods))
    if both:
        raise ValueError(f"variants and methods share the names {both}")
    for name, variant in params.variants.items():
        for field, known in (("network", params.networks), ("strategy", params.strategies)):
            if getattr(variant, field) not in known:
                raise ValueError(
                    f"variants.{name}.{field}: {getattr(variant, field)!r} is not one of {sorted(known)}"
                )
