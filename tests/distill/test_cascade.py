"""S(q) against brute force, ties included, for every store that runs here."""

import contextlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qdrant_client import QdrantClient
from skimage.metrics import structural_similarity as skimage_ssim

from unirain_core.artefacts.triplets import EncodedRow, Triplets
from unirain_core.config.sections import RetrievedReferences
from unirain_core.distill.cascade import Database, references
from unirain_core.distill.stores.edge import EdgeStore
from unirain_core.distill.stores.memory import MemoryStore
from unirain_core.distill.stores.server import ServerStore

SIDE = 16


def triplets(prefix, count, seed, *, captions, looks, scale=1.0):
    """Triplets out of a few captions, image vectors and pictures: exact ties are the normal case."""
    rng = np.random.default_rng(seed)
    world = np.random.default_rng(77)
    text = (scale * world.normal(size=(captions, 8))).astype(np.float32)
    image = world.normal(size=(looks, 6)).astype(np.float32)
    image /= np.linalg.norm(image, axis=1, keepdims=True)
    grey = world.integers(0, 256, (looks, SIDE, SIDE), dtype=np.uint8)
    return [
        EncodedRow(
            id=f"{prefix}/{n:03d}",
            caption=f"caption {c}",
            caption_form="test",
            text_vector=text[c],
            image_vector=image[v],
            picture=grey[p].tobytes(),
            encoder="test/1",
            input_hash=f"{prefix}{n}",
        )
        for n, (c, v, p) in enumerate(
            zip(rng.integers(captions, size=count), *rng.integers(looks, size=(2, count)), strict=True)
        )
    ]


def picture(row):
    return np.frombuffer(row.picture, dtype=np.uint8).reshape(SIDE, SIDE)


def by_brute_force(query, photos, sizes):
    """All photos compared in float64, one by one, with NumPy and scikit-image."""

    def distance(photo):
        first, second = (row.text_vector.astype(np.float64) for row in (query, photo))
        if sizes.text_norm == "unit":
            first, second = first / np.linalg.norm(first), second / np.linalg.norm(second)
        return round(float(np.linalg.norm(first - second)), 9)

    def cosine(photo):
        first, second = (row.image_vector.astype(np.float64) for row in (query, photo))
        return round(float(first @ second / np.linalg.norm(first) / np.linalg.norm(second)), 9)

    def structure(photo):
        value = skimage_ssim(
            picture(query),
            picture(photo),
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
        )
        return round(float(value), 9)

    first = sorted(photos, key=lambda p: (distance(p), p.id))[: sizes.keep_semantic]
    second = sorted(first, key=lambda p: (-cosine(p), p.id))[: sizes.keep_visual]
    third = sorted(second, key=lambda p: (-structure(p), p.id))[: sizes.keep_structural]
    return [(p.id, distance(p), cosine(p), structure(p)) for p in third]


@contextlib.contextmanager
def opened(engine, folder):
    match engine:
        case "memory":
            with MemoryStore() as store:
                yield store
        case "edge":
            with EdgeStore(folder / "collection") as store:
                yield store
        case "server":
            with ServerStore(QdrantClient(":memory:"), "collection") as store:
                yield store


@pytest.mark.filterwarnings("ignore::UserWarning:qdrant_client.*")
@pytest.mark.parametrize("engine", ["memory", "edge", "server"])
@pytest.mark.parametrize(
    ("captions", "looks", "scale", "norm", "sizes"),
    [
        (3, 2, 1.0, "raw", (6, 4, 3)),  # nearly everything ties, at every border
        (3, 2, 1.0, "unit", (6, 4, 3)),
        (40, 40, 1.0, "raw", (12, 6, 3)),
        (40, 40, 100.0, "unit", (12, 6, 3)),
        (1, 30, 1.0, "raw", (5, 5, 5)),  # one caption: the first level decides by id alone
        (40, 40, 1.0, "raw", (90, 80, 70)),  # more than there are
    ],
)
def test_references_equal_brute_force_on_every_query(tmp_path, engine, captions, looks, scale, norm, sizes):
    world = {"captions": captions, "looks": looks, "scale": scale}
    photos, queries = triplets("real", 60, 1, **world), triplets("query", 25, 2, **world)
    semantic, visual, structural = sizes
    params = RetrievedReferences(
        keep_semantic=semantic, keep_visual=visual, keep_structural=structural, text_norm=norm
    )
    database = Database.of(Triplets.of(photos[::-1]), params)
    with opened(engine, tmp_path) as store:
        store.fill(database.content)
        found = references(Triplets.of(queries), database, store, params)

    for query, rows in zip(queries, found, strict=True):
        expected = by_brute_force(query, photos, params)
        assert [row[0] for row in expected] == [row.reference_id for row in rows]
        assert list(range(len(rows))) == [row.rank for row in rows]
        assert {query.id} == {row.pair_id for row in rows}
        np.testing.assert_allclose(
            [row[1:] for row in expected], [(r.s_txt, r.s_vis, r.s_perc) for r in rows], atol=2e-9
        )


def test_one_query_alone_gets_what_it_gets_in_a_batch(tmp_path):
    photos, queries = (triplets(p, 40, s, captions=5, looks=9) for p, s in (("real", 1), ("query", 2)))
    params = RetrievedReferences()
    database = Database.of(Triplets.of(photos), params)
    with opened("edge", tmp_path) as store:
        store.fill(database.content)
        together = references(Triplets.of(queries), database, store, params)
        alone = [references(Triplets.of([query]), database, store, params)[0] for query in queries]

    assert together == alone


@pytest.mark.filterwarnings("ignore::UserWarning:qdrant_client.*")
@pytest.mark.parametrize("engine", ["memory", "edge", "server"])
def test_a_photo_of_the_database_is_searched_among_the_others(tmp_path, engine):
    photos = triplets("real", 30, 1, captions=3, looks=4)
    params = RetrievedReferences(keep_semantic=6, keep_visual=4, keep_structural=3)
    database = Database.of(Triplets.of(photos), params)
    with opened(engine, tmp_path) as store:
        store.fill(database.content)
        found = references(Triplets.of(photos), database, store, params)

    for photo, rows in zip(photos, found, strict=True):
        expected = by_brute_force(photo, [other for other in photos if other.id != photo.id], params)
        assert [row[0] for row in expected] == [row.reference_id for row in rows]


def found_by_both(queries, photos, params):
    """The references of our program with the plain store, as the literal one writes them, and the literal ones."""
    database = Database.of(Triplets.of(photos), params)
    with MemoryStore() as store:
        store.fill(database.content)
        found = references(Triplets.of(queries), database, store, params)
    ours = [[(row.reference_id, row.s_txt, row.s_vis, row.s_perc) for row in rows] for rows in found]
    others = [[photo for photo in photos if photo.id != query.id] for query in queries]
    return ours, [by_brute_force(q, rest, params) for q, rest in zip(queries, others, strict=True)]


@given(
    seed=st.integers(0, 2**32 - 1),
    n_photos=st.integers(1, 14),
    captions=st.integers(1, 4),
    looks=st.integers(1, 4),
    sizes=st.lists(st.integers(1, 16), min_size=3, max_size=3).map(lambda k: sorted(k, reverse=True)),
    norm=st.sampled_from(["raw", "unit"]),
)
def test_pools_full_of_duplicates_give_what_the_literal_program_gives(
    seed, n_photos, captions, looks, sizes, norm
):
    photos = triplets("real", n_photos, seed, captions=captions, looks=looks)
    queries = [*triplets("query", 3, seed + 1, captions=captions, looks=looks), *photos[:3]]
    semantic, visual, structural = sizes
    params = RetrievedReferences(
        keep_semantic=semantic, keep_visual=visual, keep_structural=structural, text_norm=norm
    )
    ours, expected = found_by_both(queries, photos, params)

    assert [[row[0] for row in rows] for rows in expected] == [[row[0] for row in rows] for rows in ours]
    for first, second in zip(expected, ours, strict=True):
        np.testing.assert_allclose([row[1:] for row in first], [row[1:] for row in second], atol=2e-9)


def test_a_photo_whose_twins_stand_in_the_database_finds_them_and_never_itself():
    (original,) = triplets("real", 1, 1, captions=1, looks=1)
    twins = [replace(original, id=f"real/twin{n}") for n in range(30)]
    ours, expected = found_by_both([original], [original, *twins], RetrievedReferences())

    assert ["real/twin0", "real/twin1", "real/twin10"] == [row[0] for row in ours[0]]
    assert expected == ours


def test_the_only_photo_has_no_references_and_is_one_for_others():
    photos = triplets("real", 1, 1, captions=1, looks=1)
    (query,) = triplets("query", 1, 2, captions=1, looks=1)
    ours, _ = found_by_both([photos[0], query], photos, RetrievedReferences())

    assert [[], ["real/000"]] == [[row[0] for row in rows] for rows in ours]


@pytest.mark.parametrize("who", ["query", "real"])
def test_the_store_is_asked_once_for_captions_alone_and_for_few_more_than_are_kept(who):
    photos = triplets("real", 500, 1, captions=500, looks=40)
    queries = triplets(who, 30, 2, captions=500, looks=40)
    params = RetrievedReferences(keep_semantic=100, keep_visual=20, keep_structural=3)
    database = Database.of(Triplets.of(photos), params)
    asked = []

    class Counting(MemoryStore):
        def propose(self, queries, vector, limit):
            asked.append((len(queries), vector, limit))
            return super().propose(queries, vector, limit)

    with Counting() as store:
        store.fill(database.content)
        references(Triplets.of(queries), database, store, params)

    assert [(30, "text")] == [(n, vector) for n, vector, _ in asked]
    assert asked[0][2] <= 140


def test_a_lone_query_whose_border_ties_is_asked_again_until_none_outside_can_tie():
    photos = triplets("real", 300, 1, captions=1, looks=3)
    ours, expected = found_by_both(photos[:1], photos, RetrievedReferences(keep_semantic=6))

    assert [row[0] for row in expected[0]] == [row[0] for row in ours[0]]


@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 1e4), st.floats(0, 1e4))
def test_the_plain_store_bounds_what_it_leaves_outside_from_below(seed, scale, offset):
    rng = np.random.default_rng(seed)
    text = (offset + scale * rng.normal(size=(60, 12))).astype(np.float32)
    photos = triplets("real", 60, 1, captions=1, looks=1)
    rows = [replace(row, text_vector=vector) for row, vector in zip(photos, text, strict=True)]
    content = Database.of(Triplets.of(rows), RetrievedReferences()).content
    query = text[0] + (scale * rng.normal(size=12)).astype(np.float32)
    with MemoryStore() as store:
        store.fill(content)
        (proposal,) = store.propose(query[None], "text", 9)
    distances = np.linalg.norm(text.astype(np.float64) - query.astype(np.float64), axis=1)
    outside = np.delete(distances, proposal.positions)

    assert 9 == len(set(proposal.positions.tolist()))
    assert outside.min() >= proposal.bound
