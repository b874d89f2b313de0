"""Tables that stand in the order of their ids are met side by side, however they are cut."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.distill.judged import beside

IDS = st.sets(st.integers(0, 30)).map(lambda numbers: [f"p{n:02}" for n in sorted(numbers)])
SCHEMA = pl.Schema({"pair_id": pl.String})


def cut(ids, size):
    return [pl.DataFrame({"pair_id": ids[start : start + size]}) for start in range(0, len(ids), size)]


@given(IDS, IDS, st.integers(1, 7), st.integers(1, 7))
def test_every_row_is_met_once_with_the_piece_that_reaches_it(ids, others, size, other_size):
    met = []
    for piece, beside_it in beside(cut(ids, size), cut(others, other_size), SCHEMA):
        met.append((piece["pair_id"].to_list(), beside_it["pair_id"].to_list()))

    assert ids == [name for piece, _ in met for name in piece]
    assert others == [name for _, beside_it in met for name in beside_it]
    before = ""
    for names, others_here in met:
        assert all(not names or name <= names[-1] for name in others_here)
        assert all(name > before for name in others_here)
        before = names[-1] if names else before
