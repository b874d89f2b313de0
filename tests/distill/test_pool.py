"""The checks across rows on columns give what they gave row by row."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.distill import by_rows
from unirain_core.artefacts.schemas import ManifestRow
from unirain_core.config.sections import VerifiedPairs
from unirain_core.distill.duplicates import NONE
from unirain_core.distill.inspection import Inspection
from unirain_core.distill.pool import Pool, measured, screened, settled

PARAMS = VerifiedPairs(near_duplicate_bits=2)
RAIN_TYPES = ("drs", "nrs")

# few bits are set, so that many hashes are near, stand in chains, or are equal
HASHES = st.sets(st.sampled_from([0, 1, 2, 100, 101, 200, 255]), max_size=5).map(
    lambda bits: sum(1 << b for b in bits).to_bytes(32)
)
FACTS = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["test", "benchmark", "val", "train", "train", "train", "real"]),
        "group": st.sampled_from([None, None, "d:x", "d:y", "e:a"]),
        "kind": st.sampled_from(["drs", "nrs", "luma:drs|nrs", "luma:drd|nrs", "snow"]),
        "clean": HASHES,
        "rain": HASHES,
        "luma": st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.5, None]),
        "pixels": st.integers(0, 12),
        "problem": st.sampled_from([None] * 8 + ["unreadable"]),
        "side": st.sampled_from([128] * 8 + [8]),
    }
)


def row(number, facts):
    is_photo = facts["role"] == "real"
    name = f"{'de'[number % 2]}/{number:02}"
    listed = ManifestRow(
        pair_id=name, dataset=name[0], rain_types=() if is_photo else (facts["kind"],), origin="real",
        role=facts["role"], root="r", input="i", target=None if is_photo else "t", halves=None,
        group=None if is_photo else facts["group"], input_bytes=1, target_bytes=1, input_hash="", target_hash="",
    )  # fmt: skip
    if facts["problem"]:
        return listed, Inspection(pair_id=name, problem=facts["problem"], detail="why")
    seen = {"pair_id": name, "width": facts["side"], "height": 128, "mode": "RGB"}
    pixels = f"{facts['pixels']:032x}"
    if is_photo:
        return listed, Inspection(**seen, rainy_pixels=pixels)
    return listed, Inspection(
        **seen, rainy_pixels=pixels, clean_pixels="c", clean_hash=facts["clean"], rain_hash=facts["rain"],
        clean_luma=facts["luma"], difference=9.0,
    )  # fmt: skip


@given(st.lists(FACTS, max_size=24))
def test_columns_give_the_faults_scenes_and_types_of_rows(facts):
    both = sorted((row(number, fact) for number, fact in enumerate(facts)), key=lambda pair: pair[0].pair_id)
    rows, seen = [b[0] for b in both], [b[1] for b in both]
    ids = [r.pair_id for r in rows]
    faults, scenes, types = by_rows.screened(rows, seen, PARAMS, RAIN_TYPES)

    cuts = sorted({0, len(rows) // 3, len(rows)})
    pieces = [measured(rows[a:b], seen[a:b], PARAMS) for a, b in pairwise(cuts)]
    whole = Pool.of(pieces, len(rows))
    pool = settled(whole.facts, screened(whole, PARAMS), RAIN_TYPES)

    named = dict(zip(ids, pool.iter_rows(named=True), strict=True))
    left = {
        name: (r["reason"], ids[r["other"]] if r["other"] != NONE else r["detail"])
        for name, r in named.items()
    }
    assert {n: (f.reason, f.other) for n, f in faults.items()} == {n: f for n, f in left.items() if f[0]}
    kept = {n: r for n, r in named.items() if not r["reason"] and r["role"] != "real"}
    group = {r.pair_id: r.group for r in rows}
    scene_names = {n: group[ids[r["scene"]]] or ids[r["scene"]] for n, r in kept.items()}
    assert {n: scenes[n] for n in kept} == scene_names
    assert {n: types[n] for n in kept} == {n: r["rain_type"] for n, r in kept.items()}


def test_an_empty_pool_is_screened():
    pool = Pool.of([], 0)

    assert settled(pool.facts, screened(pool, PARAMS), RAIN_TYPES).is_empty()


def test_hashes_stand_in_the_pool_as_they_were_measured():
    facts = {"role": "train", "group": None, "kind": "drs", "rain": b"r" * 32, "luma": 0.5, "pixels": 255}
    listed, seen = row(0, facts | {"clean": bytes(range(32)), "problem": None, "side": 128})
    pool = measured([listed], [seen], PARAMS)

    assert bytes(range(32)) == pool.clean.tobytes()
    assert b"r" * 32 == pool.rain.tobytes()
    assert 255 == pool.facts["pixels"][0]
