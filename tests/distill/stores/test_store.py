"""One conformance test for every store that runs here, and what opening one means."""

import contextlib
import multiprocessing
from typing import Any

import numpy as np
import pytest
from qdrant_client import QdrantClient, models

from unirain_core.artefacts.sums import SUMS
from unirain_core.artefacts.triplets import Triplets
from unirain_core.distill.stores.edge import EdgeStore
from unirain_core.distill.stores.make import ensure_filled, make_store, searched
from unirain_core.distill.stores.memory import MemoryStore
from unirain_core.distill.stores.server import ServerStore
from unirain_core.distill.stores.store import CollectionError, Content, ServerError
from unirain_core.errors import BusyError, MissingInputError

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:qdrant_client.*")


def content(count=9, encoder="test/1", seed=0):
    rng = np.random.default_rng(seed)
    order = rng.permutation(count)
    return Content.of(
        Triplets(
            ids=tuple(f"real/{n}" for n in order),
            input_hashes=tuple(str(n) for n in order),
            encoders=(encoder,),
            text=rng.normal(size=(count, 3)).astype(np.float32),
            image=np.zeros((count, 0), dtype=np.float32),
            pictures=np.zeros((count, 0, 0), dtype=np.uint8),
        )
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
    assert not store.holds(content())


def test_a_filled_store_holds_its_content_and_no_other(store):
    store.fill(content())

    assert store.holds(content())
    for other in (content(8), content(10), content(seed=1)):
        assert not store.holds(other)


def test_filling_again_replaces_everything(store):
    store.fill(content())
    store.fill(content(4, encoder="test/2"))

    assert store.holds(content(4, encoder="test/2"))
    assert not store.holds(content())


@pytest.mark.parametrize("vector", ["text", "text_unit"])
def test_proposals_are_the_nearest_and_bound_what_is_left_out(store, vector):
    held = content(30)
    store.fill(held)
    queries = held.vectors[vector][:3]
    proposals = store.propose(queries, vector, 7)

    for query, proposal in zip(queries, proposals, strict=True):
        vectors = held.vectors[vector].astype(np.float64)
        costs = np.linalg.norm(vectors - query, axis=1)
        assert set(np.argsort(costs)[:7].tolist()) == set(proposal.positions.tolist())
        assert proposal.bound == pytest.approx(np.sort(costs)[6], abs=1e-5)


def test_where_all_are_asked_for_nothing_is_left_outside(store):
    held = content(30)
    store.fill(held)
    (proposal,) = store.propose(held.vectors["text"][:1], "text", 31)

    assert set(range(30)) == set(proposal.positions.tolist())
    assert np.inf == proposal.bound


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
        Content.of(
            Triplets(
                ids=("a", "b"),
                input_hashes=("1", "2"),
                encoders=("test/1", "test/2"),
                text=np.zeros((2, 3), dtype=np.float32),
                image=np.zeros((2, 3), dtype=np.float32),
                pictures=np.zeros((2, 16, 16), dtype=np.uint8),
            )
        )


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
    (tmp_path / held.name / SUMS).unlink()
    with make_store("edge", held.name, tmp_path) as store:
        assert not store.holds(held)
        ensure_filled(store, held)

        assert store.holds(held)


def test_a_collection_of_another_encoder_is_never_used(tmp_path):
    wanted = content(encoder="test/1")
    with EdgeStore(tmp_path / "c") as store:
        store.fill(content(encoder="test/2"))
        ensure_filled(store, wanted)

        assert store.holds(wanted)


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


def test_a_server_is_named_without_its_password(monkeypatch, tmp_path):
    monkeypatch.setenv("UNIRAIN_QDRANT_URL", "http://me:secret@127.0.0.1:9")

    with pytest.raises(MissingInputError, match="answers at http://127") as raised:
        make_store("server", "c", tmp_path)
    assert "secret" not in str(raised.value)


DAMAGES = ("cut", "emptied", "flipped", "deleted", "a folder")


def spoil(file, damage, rng):
    bytes_ = bytearray(file.read_bytes())
    at = int(rng.integers(max(len(bytes_), 1)))
    file.unlink()
    match damage:
        case "cut":
            file.write_bytes(bytes_[:at])
        case "emptied":
            file.write_bytes(b"")
        case "flipped":
            if bytes_:
                bytes_[at] ^= 1 << int(rng.integers(8))
            file.write_bytes(bytes_ or b"x")
        case "a folder":
            file.mkdir()


def nearest(held):
    return lambda store: [
        sorted(p.positions.tolist()) for p in store.propose(held.vectors["text_unit"][:4], "text_unit", 3)
    ]


@pytest.mark.slow  # each check of an embedded collection reads 200 MB, most of them holes
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_collection_is_filled_anew_before_it_is_searched(tmp_path, damage):
    held = content(20)
    with MemoryStore() as plain:
        plain.fill(held)
        expected = nearest(held)(plain)
    with EdgeStore(tmp_path / "c") as store:
        ensure_filled(store, held)
    names = sorted(f.relative_to(tmp_path) for f in (tmp_path / "c").rglob("*") if f.is_file())
    names = [name for name in names if "segments" not in name.parts] + names[::5]
    for seed, name in enumerate(names):
        if (tmp_path / name).is_file():  # a new segment has another name
            spoil(tmp_path / name, damage, np.random.default_rng(seed))
        with EdgeStore(tmp_path / "c") as store:
            assert expected == searched(store, held, nearest(held))
            assert store.holds(held)


@pytest.mark.parametrize("part", ["vectors/chunk_0.mmap", "deleted/flags_a.dat"])
def test_a_flipped_bit_in_vectors_or_flags_is_noticed(tmp_path, part):
    held = content(20)
    with EdgeStore(tmp_path / "c") as store:
        store.fill(held)
        (file,) = (tmp_path / "c").glob(f"segments/*/vector_storage-text/{part}")
        with file.open("r+b") as opened:
            opened.write(b"\x01")

        assert not store.holds(held)


def test_a_collection_that_is_damaged_while_it_is_searched_is_searched_anew(tmp_path, caplog):
    held = content(20)
    searches = []
    with EdgeStore(tmp_path / "c") as store:

        def search(engine):
            searches.append(type(engine).__name__)
            result = nearest(held)(engine)
            if len(searches) == 1:
                (vectors,) = (tmp_path / "c").glob("segments/*/vector_storage-text_unit/vectors/chunk_0.mmap")
                with vectors.open("r+b") as file:
                    file.write(b"\x01\x02\x03")
            return result

        searched(store, held, search)

    assert searches == ["EdgeStore", "EdgeStore"]
    assert "changed while it was searched" in caplog.text


def test_where_the_engine_fails_for_good_the_plain_store_answers(tmp_path, monkeypatch, caplog):
    held = content(20)

    class Panic(BaseException):
        """As pyo3's."""

    def panic(*_):
        raise Panic("index out of bounds")

    monkeypatch.setattr("unirain_core.distill.stores.edge.EdgeShard.load", panic)
    with MemoryStore() as plain, EdgeStore(tmp_path / "c") as store:
        plain.fill(held)

        assert searched(store, held, nearest(held)) == nearest(held)(plain)
    assert "the plain store is searched instead" in caplog.text


def test_other_vectors_on_a_server_are_noticed(store):
    if not isinstance(store, ServerStore):
        pytest.skip("a server's alone")
    held = content()
    store.fill(held)
    wrong: dict[Any, Any] = {name: [0.5] * vectors.shape[1] for name, vectors in held.vectors.items()}
    store._client.update_vectors(store._collection, [models.PointVectors(id=3, vector=wrong)])

    assert not store.holds(held)


def test_a_server_that_fails_is_not_replaced_in_silence():
    class Failing(MemoryStore):
        def fill(self, content):
            raise ServerError("out of memory")

    with pytest.raises(CollectionError, match="out of memory"):
        searched(Failing(), content(), nearest(content()))


def test_an_embedded_store_is_used_inside_its_with_alone(tmp_path):
    held = content()
    with EdgeStore(tmp_path / "c") as store:
        store.fill(held)
    before = sorted(file.name for file in (tmp_path / "c").iterdir())

    for use in (lambda: store.fill(held), lambda: store.propose(held.vectors["text"][:1], "text", 3)):
        with pytest.raises(ValueError, match="inside its `with`"):
            use()
    assert before == sorted(file.name for file in (tmp_path / "c").iterdir())
