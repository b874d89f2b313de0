"""Ranks and their agreement, against SciPy."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from unirain_core.training.proxy_ranks import AVERAGE, Proxy, kendall, ranking, spearman, spread_over_ranks

VALUES = st.integers(2, 12).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 5).map(float), min_size=n, max_size=n)] * 2)
)


def proxy(mixture, seed, **psnr):
    return Proxy(mixture=mixture, family="f", seed=seed, steps=1, pairs=1, key=f"{mixture}{seed}", psnr=psnr)


@given(VALUES)
def test_agreement_is_what_scipy_finds_ties_too(sides):
    first, second = sides
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert math.isnan(spearman(first, second))
        assert math.isnan(kendall(first, second))
        return

    assert pytest.approx(stats.spearmanr(first, second).statistic) == spearman(first, second)
    assert pytest.approx(stats.kendalltau(first, second).statistic) == kendall(first, second)


def test_mixtures_are_ranked_by_their_mean_over_seeds_of_a_type_or_of_all():
    proxies = [proxy("a", 0, drs=20, nrd=10), proxy("a", 1, drs=22, nrd=10), proxy("b", 0, drs=20.5, nrd=30)]
    of_drs, of_all = ranking(proxies, "drs"), ranking(proxies, AVERAGE)

    assert [("a", 21.0, 2), ("b", 20.5, 1)] == [(m.mixture, m.mean, m.seeds) for m in of_drs]
    assert pytest.approx(math.sqrt(2)) == of_drs[0].spread
    assert of_drs[1].spread is None
    assert [("b", 25.25), ("a", 15.5)] == [(m.mixture, m.mean) for m in of_all]


def test_the_best_and_the_worst_are_among_those_that_train_longer():
    ranked = ranking([proxy(name, 0, drs=-n) for n, name in enumerate("abcdefg")], "drs")

    assert ["a", "d", "g"] == spread_over_ranks(ranked, 3)
    assert list("abcdefg") == spread_over_ranks(ranked, 9)
