"""Integrity on whole sample corpora: every planted fault is caught by its own check, no good pair is lost to any."""

import json
from pathlib import Path

import pytest

from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Dropped, Pair, RealPhoto
from unirain_core.config.load import load_params
from unirain_core.config.sections import SampleCorpus
from unirain_core.stages import raw_datasets, sample_corpus, verified_pairs
from unirain_core.standins.rain.items import FAULTS

SHIPPED = Path(__file__).parents[2] / "params.yaml"


def verified(root, seed):
    """The ledger of a small corpus, what was dropped of it by id, and the ids that were kept."""
    params = load_params(SHIPPED)
    corpora = {"demo": SampleCorpus(seed=seed, height=128, width=192, pairs_per_type=16, real_per_type=4)}
    sample_corpus.run(root, sample_corpora=corpora, partition="demo")
    pool, types = params.raw_datasets, params.rain_types
    raw_datasets.run(root, raw_datasets=pool, sample_corpora=corpora, rain_types=types)
    verified_pairs.run(root, verified_pairs=params.verified_pairs, rain_types=types)
    dropped = {
        row.pair_id: row
        for folder in ("raw", "verified")
        for row in tables.read(root / f"data/{folder}/dropped.parquet", Dropped)
    }
    kept = {row.pair_id for row in tables.read(root / "data/verified/pairs.parquet", Pair)}
    kept |= {row.photo_id for row in tables.read(root / "data/verified/real.parquet", RealPhoto)}
    ledger = json.loads((root / "data/sample_corpus/demo/planted.json").read_text())
    return ledger, dropped, kept


def pair_id(path):
    return path.rpartition(".")[0]


def to_be_dropped(ledger):
    """Id to reason; of two copies the later id goes, whichever of them was planted."""
    found = {}
    for entry in ledger:
        if entry["what"] in FAULTS:
            ids = [pair_id(entry["input"])]
            if entry["what"] == "duplicate":
                ids.append(pair_id(entry["other"]))
            found[max(ids)] = entry["what"]
    return found


@pytest.fixture(scope="module", params=[1, 7, 33, 101])
def corpus(request, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp(f"seed{request.param}")
        patch.setenv("UNIRAIN_HOME", str(root / ".unirain"))
        patch.delenv("DVC_ROOT", raising=False)
        yield verified(root, request.param)


@pytest.mark.slow
def test_every_planted_fault_is_dropped_with_its_own_reason(corpus):
    ledger, dropped, _ = corpus
    planted = to_be_dropped(ledger)

    assert sorted(FAULTS) == sorted(planted.values())
    assert planted == {i: row.reason for i, row in dropped.items() if i in planted}


@pytest.mark.slow
def test_nothing_else_is_dropped_and_every_picture_is_accounted_for(corpus):
    ledger, dropped, kept = corpus
    planted = to_be_dropped(ledger)

    assert {} == {i: (row.reason, row.other) for i, row in dropped.items() if i not in planted}
    assert {pair_id(entry["input"]) for entry in ledger} - planted.keys() == kept
