"""Everything that the stages need and this machine lacks, in one list, so that a person fetches it all in one go."""

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from unirain_core.artefacts.roots import LOCAL, Roots
from unirain_core.cli.extras import missing_library
from unirain_core.config.models import EncoderModel, HttpJudge, JudgeModel, OpenClip
from unirain_core.config.params import Params
from unirain_core.distill.weights import folder_of
from unirain_core.errors import MissingInputError
from unirain_core.sources.datasets import left_out

logger = logging.getLogger(__name__)

FIRST = "raw_datasets"
"""The stage that also warns of what later stages lack: it runs before anything is computed."""
_ENCODING, _JUDGING = ("real_rain_database", "query_triplets"), ("vlm_votes",)
"""The stages that load encoders, and those that ask judges."""
_REWRITING = ("query_triplets",)
"""The stages that rewrite captions: those of the database stay plain."""


Kind = Literal["dataset", "library", "weights", "server", "variable"]


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that only a person can supply."""

    kind: Kind
    name: str
    stages: tuple[str, ...]
    """Names of the stages that cannot run without it."""
    words: str = ""
    """Empty: it is there. Else a sentence: the thing, and what to do."""


def demand_inputs(stage: str, root: Path, params: Params) -> None:
    """Refuse a stage that lacks something, and name everything that any stage lacks.

    Where only later stages lack something, the stage runs; `FIRST` logs a warning before it does.

    Raises:
        MissingInputError: the stage lacks something.
    """
    if stage not in (FIRST, *_ENCODING, *_JUDGING, "retrieved_references"):
        return
    missing = missing_inputs(root, params)
    if not missing:
        return
    lines = "\n".join(f"  {number}. {one.words}" for number, one in enumerate(missing, 1))
    whole = f"this machine lacks what params.yaml asks for ({len(missing)}):\n{lines}"
    if any(stage in one.stages for one in missing):
        raise MissingInputError(whole)
    if stage == FIRST:
        logger.warning("%s: later stages will end: %s", stage, whole)


def missing_inputs(root: Path, params: Params) -> list[Need]:
    """The needs that are not met."""
    return [need for need in needs(root, params) if need.words]


def needs(root: Path, params: Params) -> Iterator[Need]:
    """Datasets, libraries, weights, addresses and servers that params ask for, in the order of the stages."""
    yield from _datasets(Roots.load(root), params)
    encoders, captions = params.encoders, params.query_captions
    names = (encoders.captioner, encoders.text_encoder, encoders.image_encoder)
    by_name = params.encoder_models
    encoding = [by_name[name] for name in dict.fromkeys(names) if name in by_name]
    rewriting = [by_name[name] for name in (captions.rewriter,) if name in by_name]
    judging = [params.judge_models[name] for name in params.vlm_votes.judges if name in params.judge_models]
    yield from _libraries(((encoding, _ENCODING), (rewriting, _REWRITING), (judging, _JUDGING)))
    for model in encoding:
        yield from _weights(model, _ENCODING)
    for model in rewriting:
        yield from _weights(model, _REWRITING)
    yield from _server(params)
    for judge in judging:
        yield from _variables(judge) if isinstance(judge, HttpJudge) else _weights(judge, _JUDGING)


def _datasets(roots: Roots, params: Params) -> Iterator[Need]:
    pool = params.raw_datasets
    absent = left_out(pool, roots)
    roots_in_use = (dataset.root for name, dataset in pool.datasets.items() if name not in absent)
    for name in dict.fromkeys(roots_in_use):
        try:
            roots.folder(name)
        except MissingInputError as error:
            words = str(error)
            if name not in roots.local:
                words = (
                    f"dataset: add the line `{name}: /folder/of/the/dataset` to {LOCAL} in the project's root"
                )
            yield Need("dataset", name, (FIRST,), words)
        else:
            yield Need("dataset", name, (FIRST,))


def _libraries(
    uses: Sequence[tuple[Sequence[EncoderModel | JudgeModel], tuple[str, ...]]],
) -> Iterator[Need]:
    """The libraries of the models, each with the stages whose models need it.

    Args:
        uses: models, with the stages that load them.
    """
    stages: dict[str, list[str]] = {}
    for models, of_models in uses:
        for model in models:
            stages.setdefault(_library(model), []).extend(of_models)
    for module, names in stages.items():
        yield Need("library", module, tuple(dict.fromkeys(names)), _of_library(module))


def _of_library(module: str) -> str:
    """What `Need.words` says of a library."""
    error = missing_library(module)
    return str(error) if error is not None and find_spec(module) is None else ""


def _library(model: EncoderModel | JudgeModel) -> str:
    """The module that computes with a model of its kind, or sends its requests."""
    match model:
        case HttpJudge():
            return "httpx"
        case OpenClip():
            return "open_clip"
        case _:
            return "transformers"


def _weights(model: EncoderModel | JudgeModel, stages: tuple[str, ...]) -> Iterator[Need]:
    if isinstance(model, HttpJudge):
        return
    words = ""
    try:
        folder_of(model.weights, model.revision)
    except MissingInputError as error:
        words = str(error)
    yield Need("weights", model.weights, stages, words)


def _variables(judge: HttpJudge) -> Iterator[Need]:
    for name, meaning in ((judge.address, "the address of a judge's server"), (judge.key, "its access key")):
        if name:
            words = f"judge {judge.model}: set the environment variable {name} to {meaning}"
            yield Need("variable", name, _JUDGING, "" if os.environ.get(name) else words)


def _server(params: Params) -> Iterator[Need]:
    if params.vector_store.engine != "server":
        return
    stages = ("retrieved_references",)
    if words := _of_library("qdrant_client"):
        yield Need("library", "qdrant_client", stages, words)
        return
    from unirain_core.distill.stores.make import make_store  # loads the client's library

    try:
        with make_store("server", "any", Path()):
            pass
    except MissingInputError as error:
        words = str(error)
    yield Need("server", "Qdrant", stages, words)
