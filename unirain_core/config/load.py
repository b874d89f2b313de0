"""params.yaml to frozen sections; the only place that reads YAML and that knows pydantic."""

import difflib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, get_args

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, ScalarEvent

from unirain_core.config.architectures import ARCHITECTURES, Architecture, NetworkSection
from unirain_core.config.models import EncoderModel, JudgeModel
from unirain_core.config.omitted import omitted_keys
from unirain_core.config.params import Params
from unirain_core.config.prompt import Paraphrases, Prompt
from unirain_core.config.sections import (
    Alignment,
    BenchmarkScores,
    Coverage,
    DataAblation,
    Dataset,
    Draw,
    Encoders,
    JudgeTrust,
    Method,
    Pictures,
    QueryCaptions,
    RainragSplit,
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
from unirain_core.config.splits import TRAINING_SPLITS, Benchmark
from unirain_core.config.tagged import is_tag
from unirain_core.errors import ConfigError

LARGEST_FILE = 4 * 1024**2
"""Bytes of a YAML file that is read; the catalogue, the largest of ours, has 0.1 MB."""
MOST_NODES = 200_000
"""Values of a YAML file, each alias counted as often as it stands for one; the catalogue has 6,000."""
DEEPEST = 100
"""Levels of nesting; ours have 5."""
LONGEST_VALUE = 80
"""Characters of a wrong value that a message quotes."""


def load_params(path: Path) -> Params:
    """Read and check a params file.

    Raises:
        ConfigError: the file is absent, is no YAML, or a key is unknown, missing or of a wrong value.
    """
    return params_of(read_yaml(path), path.name)


def params_of(content: object, name: str) -> Params:
    """Check what `read_yaml` read of a params file.

    Raises:
        ConfigError: a key is unknown, missing or of a wrong value.
    """
    try:
        params = TypeAdapter(Params).validate_json(json.dumps(content, allow_nan=False))
    except ValidationError as error:
        raise ConfigError(f"{name}: {_first(error)}") from None
    except (TypeError, ValueError) as error:  # a date, an infinity
        raise ConfigError(f"{name}: a value that params cannot hold: {error}") from None
    if omitted := omitted_keys(params, content):
        raise ConfigError(f"{name} omits keys on which results depend.\n{omitted}")
    return params


@dataclass(frozen=True, slots=True, kw_only=True)
class _OneNetwork:
    """A network by itself, as it stands beside weights."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": True}

    network: NetworkSection


def parse_network(content: object) -> Architecture:
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


def load_prompt(path: Path) -> Prompt:
    """Read and check a prompt file.

    Raises:
        ConfigError: the file is absent, is no YAML, or a key is unknown, missing or of a wrong value.
    """
    content = read_yaml(path)
    try:
        return TypeAdapter(_OnePrompt).validate_json(json.dumps({"prompt": content})).prompt
    except ValidationError as error:
        raise ConfigError(f"{path.name}: {_first(error)}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnePrompt:
    """A prompt by itself."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": True}

    prompt: Prompt


def load_paraphrases(path: Path) -> Paraphrases:
    """Read and check a file of other words for the same question.

    Raises:
        ConfigError: as `load_prompt`.
    """
    content = read_yaml(path)
    try:
        text = json.dumps({"paraphrases": content})
        return TypeAdapter(_OneSetOfParaphrases).validate_json(text).paraphrases
    except ValidationError as error:
        raise ConfigError(f"{path.name}: {_first(error)}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _OneSetOfParaphrases:
    """Paraphrases by themselves."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": True}

    paraphrases: Paraphrases


def read_yaml(path: Path) -> object:
    """Read a YAML file as DVC does (ruamel.yaml, safe): `2e-4` is a float, `on` a string.

    Raises:
        ConfigError: the file is absent, is no YAML, or would explode in memory.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ConfigError(f"{path} has more than {LARGEST_FILE // 1024**2} MiB; such a file is not read")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist; run from the root of the project") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{path} is no UTF-8 text (line {line} holds the byte {error.object[error.start]:#04x}); "
            "save it in the encoding UTF-8"
        ) from None
    return parse_yaml(path, text)


def parse_yaml(path: Path, text: str) -> object:
    """The value of a text of YAML.

    Args:
        path: where the text stands, for messages.
        text: of a file as it is, or as it would be written.

    Raises:
        ConfigError: it is no YAML, or would explode in memory.
    """
    try:
        _demand_bounded(path, text)
        content: object = YAML(typ="safe").load(text)
    except (YAMLError, RecursionError) as error:
        raise ConfigError(f"{path} is not readable as YAML: {' '.join(str(error).split())}") from None
    return content


def _demand_bounded(path: Path, text: str) -> None:
    """Refuse aliases that stand for more values than memory holds: ten lines of nine aliases each are a billion."""
    anchors: dict[str, int] = {}
    sizes: list[int] = [0]  # values below each collection that is still open
    names: list[str | None] = [None]
    for event in YAML(typ="safe").parse(text):
        if isinstance(event, CollectionStartEvent):
            sizes.append(1)
            names.append(event.anchor)
        elif isinstance(event, AliasEvent):
            if event.anchor in names:
                raise ConfigError(
                    f"{path.name}: a value that params cannot hold: *{event.anchor} stands inside &{event.anchor}"
                )
            sizes[-1] += anchors.get(event.anchor, 1)
        elif isinstance(event, CollectionEndEvent):
            size, anchor = sizes.pop(), names.pop()
            sizes[-1] += size
            if anchor is not None:
                anchors[anchor] = size
        elif isinstance(event, ScalarEvent):
            sizes[-1] += 1
        if sizes[-1] > MOST_NODES or len(sizes) > DEEPEST:
            raise ConfigError(
                f"{path} holds more than {MOST_NODES:,} values, aliases written out, or nests them deeper than "
                f"{DEEPEST} levels; write the values without aliases"
            )


def _first(error: ValidationError) -> str:
    """One problem as one sentence: an unknown key before all others, as it explains a missing one."""
    problem = min(error.errors(), key=lambda e: e["type"] != "unexpected_keyword_argument")
    place = ".".join(str(part) for part in problem["loc"] if not is_tag(part))
    if problem["type"] == "value_error":  # of our own checks, which say what they found
        message = problem["msg"].removeprefix("Value error, ")
        return f"{place}: {message}" if place else message
    if problem["type"] == "missing":
        return f"{place}: missing"
    value = repr(problem["input"])
    if len(value) > LONGEST_VALUE:
        value = value[:LONGEST_VALUE] + " ..."
    if problem["type"] == "unexpected_keyword_argument":
        near = difflib.get_close_matches(str(problem["loc"][-1]), sorted(_all_keys()), n=1)
        return f"{place}: unexpected key (found {value})" + (f"; nearest known: {near[0]}" if near else "")
    return f"{place or 'the whole file'}: {problem['msg']} (found {value})"


def _all_keys() -> set[str]:
    sections = (
        Params, SampleCorpus, RawDatasets, Dataset, VerifiedPairs, Alignment, *get_args(EncoderModel), Encoders,
        QueryCaptions, VectorStore, RetrievedReferences, *get_args(JudgeModel), VlmVotes, RainragSplit, Draw, *TRAINING_SPLITS, Benchmark, *ARCHITECTURES, Strategy, Variant, Method, Training, BenchmarkScores, Pictures, Coverage, JudgeTrust, DataAblation,
    )  # fmt: skip
    keys: set[str] = set()
    for section in sections:
        keys |= section.__dataclass_fields__.keys()
    return keys
