import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.distill.ranking import border, ranked

COSTS = st.lists(st.integers(-20, 20), min_size=1, max_size=12)


def test_equal_costs_are_ordered_by_position_also_where_only_rounding_makes_them_equal():
    order, costs = ranked(np.array([4, 1, 3]), np.array([0.3, 0.3 + 1e-12, 0.3 - 1e-12]))

    assert [1, 3, 4] == order.tolist()
    assert [0.3] * 3 == costs.tolist()


@given(COSTS, st.data())
def test_whatever_the_errors_are_the_border_holds_all_that_are_nearest(tenths, data):
    true = np.array(tenths) / 10
    keep = data.draw(st.integers(1, 14))
    errors = np.array(
        data.draw(st.lists(st.sampled_from([0.0, 0.1, 0.5]), min_size=len(true), max_size=len(true)))
    )
    signs = np.array(data.draw(st.lists(st.sampled_from([-1, 0, 1]), min_size=len(true), max_size=len(true))))
    certain, possible = border(true + signs * errors, keep, errors)
    nearest, _ = ranked(np.arange(len(true)), true)

    chosen = set(nearest[:keep].tolist())
    assert set(np.flatnonzero(certain).tolist()) <= chosen
    assert chosen <= set(np.flatnonzero(certain | possible).tolist())
    assert not (certain & possible).any()
