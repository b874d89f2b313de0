"""One conformance test for every store that runs here, and what opening one means."""

import contextlib
import multiprocessing

import numpy as np
import pytest
from qdrant_client import QdrantClient

from unirain_core.artefacts.schemas import TripletRow
from unirain_core.distill.stores.edge import EdgeStore
from unirain_core.distill.stores.make import ensure_filled, make_store
from unirain_core.distill.stores.memory import MemoryStore
from unirain_core.distill.stores.server import ServerStore
from unirain_core.distill.stores.store import Content, Held
from unirain_core.errors import BusyError, MissingInputError

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:qdrant_client.*")


def content(count=9, encoder="test/1", seed=0):
    rng = np.random.default_rng(seed)
    return Content.of(
        [
            TripletRow(
                id=f"real/{n}",
                caption="",
                caption_form="test",
                text_vector=rng.normal(size=3).astype(np.float32),
                image_vector=rng.normal(size=4).astype(np.float32),
                picture=b"",
                encoder=encoder,
                input_hash=str(n),
            )
            for n in rng.permutation(count)
        ]
    )


Opened = MemoryStore | EdgeStore | ServerStore


@pytest.fixture(params=["memory", "edge", "server"])
def store(request, tmp_path):
    stores: dict[str, Opened] = {
        "memory": MemoryStore(),
        "edge": EdgeStore(tmp_path / "collection"),
        "server": ServerStore(QdrantClient(":memory:"), "collection"),
    }
    with stores[request.param] as opened:
        yield opened


def test_a_new_store_holds_nothing(store):
    assert store.held() is None


def test_a_filled_store_says_how_many_it_holds_and_who_encoded_them(store):
    store.fill(content())

    assert Held(9, "test/1") == store.held()


def test_filling_again_replaces_everything(store):
    store.fill(content())
    store.fill(content(4, encoder="test/2"))

    assert Held(4, "test/2") == store.held()


@pytest.mark.parametrize("vector", ["text", "text_unit", "image"])
def test_proposals_are_the_nearest_and_bound_what_is_left_out(store, vector):
    held = content(30)
    store.fill(held)
    queries = held.vectors[vector][:3]
    proposals = store.propose(queries, vector, 7)

    for query, proposal in zip(queries, proposals, strict=True):
        vectors = held.vectors[vector].astype(np.float64)
        if vector == "image":
            costs = -(vectors @ query) / np.linalg.norm(vectors, axis=1) / np.linalg.norm(query)
        else:
            costs = np.linalg.norm(vectors - query, axis=1)
        assert set(np.argsort(costs)[:7].tolist()) == set(proposal.positions.tolist())
        assert proposal.bound == pytest.approx(np.sort(costs)[6], abs=1e-5)


def test_only_what_is_allowed_is_proposed_and_nothing_is_left_outside(store):
    held = content(30)
    store.fill(held)
    allowed = [np.array([3, 8, 21]), np.array([0])]
    first, second = store.propose(held.vectors["image"][:2], "image", 5, allowed)

    assert {3, 8, 21} == set(first.positions.tolist())
    assert {0} == set(second.positions.tolist())
    assert first.bound == second.bound == np.inf


def test_the_content_does_not_depend_on_the_order_of_the_triplets():
    first, second = content(), content()
    ids, vectors = first.ids, first.vectors["text"]

    assert sorted(ids) == list(ids)
    assert first.name == second.name
    np.testing.assert_array_equal(vectors, second.vectors["text"])


def test_another_encoder_or_other_vectors_make_another_collection():
    names = {content().name, content(encoder="test/2").name, content(seed=1).name, content(8).name}

    assert len(names) == 4


def test_triplets_of_two_encoders_make_no_content():
    with pytest.raises(ValueError, match="exactly one encoder"):
        Content.of([])


def test_a_complete_collection_is_not_filled_again(tmp_path):
    held = content()
    with make_store("edge", held.name, tmp_path) as store:
        ensure_filled(store, held)
    before = sorted(f.name for f in (tmp_path / held.name / "segments").iterdir())
    with make_store("edge", held.name, tmp_path) as store:
        ensure_filled(store, held)

    assert before == sorted(f.name for f in (tmp_path / held.name / "segments").iterdir())


def test_a_half_filled_collection_is_filled_anew(tmp_path):
    held = content()
    with make_store("edge", held.name, tmp_path) as store:
        store.fill(held)
    (tmp_path / held.name / "complete").unlink()
    with make_store("edge", held.name, tmp_path) as store:
        ensure_filled(store, held)

        assert store.held() == Held(9, "test/1")


def test_a_collection_of_another_encoder_is_never_used_silently(tmp_path, caplog):
    wanted = content(encoder="test/1")
    with EdgeStore(tmp_path / "c") as store:
        store.fill(content(encoder="test/2"))
        ensure_filled(store, wanted)

        assert store.held() == Held(9, "test/1")
    assert "filled anew" in caplog.text


def hold(folder, ready, done):
    with EdgeStore(folder):
        ready.set()
        done.wait(20)


def test_a_second_process_waits_for_the_first_and_then_says_what_holds_it(tmp_path):
    context = multiprocessing.get_context("fork")
    ready, done = context.Event(), context.Event()
    holder = context.Process(target=hold, args=(tmp_path / "c", ready, done))
    holder.start()
    try:
        ready.wait(20)
        with pytest.raises(BusyError, match="another process"), EdgeStore(tmp_path / "c", patience_s=0.1):
            pass
    finally:
        done.set()
        holder.join()
    with contextlib.ExitStack() as stack:
        stack.enter_context(EdgeStore(tmp_path / "c", patience_s=5.0))


def test_a_server_that_does_not_answer_is_a_missing_input(monkeypatch, tmp_path):
    monkeypatch.setenv("UNIRAIN_QDRANT_URL", "http://127.0.0.1:9")

    with pytest.raises(MissingInputError, match="docker compose up"):
        make_store("server", "c", tmp_path)
