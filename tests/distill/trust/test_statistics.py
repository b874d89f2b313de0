"""The formulas of the trust page, against hand-computed numbers, other libraries and laws."""

from math import log, nan

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import optimize, stats
from sklearn import metrics
from sklearn.calibration import calibration_curve

from unirain_core.distill.trust import independence, platt
from unirain_core.distill.trust.auroc import auroc, chance
from unirain_core.distill.trust.coverage import risk_at
from unirain_core.distill.trust.intervals import Share
from unirain_core.distill.trust.mcnemar import mcnemar
from unirain_core.distill.trust.reliability import bins, expected_calibration_error

SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed, n=60):
    """Probabilities and a truth that follows them loosely."""
    rng = np.random.default_rng(seed)
    p = rng.random(n).round(2)
    return p, rng.random(n) < p


class TestShare:
    def test_by_hand(self):
        """Newcombe 1998: 81 of 263 gives 0.2553 to 0.3662."""
        assert [0.2553, 0.3662] == pytest.approx([*Share(81, 263).interval()], abs=5e-5)

    @given(st.integers(1, 400), st.data())
    def test_as_scipy(self, n, data):
        k = data.draw(st.integers(0, n))
        expected = stats.binomtest(k, n).proportion_ci(method="wilson")

        assert [expected.low, expected.high] == pytest.approx([*Share(k, n).interval()], abs=1e-9)

    def test_of_nothing_is_known_nothing(self):
        assert (None, (0.0, 1.0)) == (Share(0, 0).value, Share(0, 0).interval())


class TestAuroc:
    @given(SEEDS)
    def test_as_scikit_learn_ties_included(self, seed):
        p, good = drawn(seed)
        assume(0 < good.sum() < len(good))

        assert metrics.roc_auc_score(good, p) == pytest.approx(auroc(p, good), abs=1e-12)

    @given(SEEDS)
    def test_a_score_turned_over_is_as_much_worse_as_it_was_better(self, seed):
        p, good = drawn(seed)
        assume(0 < good.sum() < len(good))

        assert 1.0 == pytest.approx(np.sum([auroc(p, good), auroc(-p, good)]))

    def test_needs_both_kinds(self):
        assert auroc(np.array([0.1, 0.2]), np.array([True, True])) is None

    def test_chance_is_as_wide_as_scores_that_know_nothing_spread(self):
        rng = np.random.default_rng(0)
        good = np.arange(60) < 40
        drawn_by_chance = [auroc(rng.random(60), good) for _ in range(4000)]

        assert 0.95 == pytest.approx(
            np.mean(np.abs(np.array(drawn_by_chance) - 0.5) <= chance(40, 20)), abs=0.015
        )


class TestPlatt:
    @given(SEEDS)
    def test_finds_the_highest_likelihood_as_another_minimiser_does(self, seed):
        p, good = drawn(seed)
        n_good, n_faulty = good.sum(), (~good).sum()
        targets = np.where(good, (n_good + 1) / (n_good + 2), 1 / (n_faulty + 2))
        z = platt.logit(p)

        def loss(w):
            line = w[0] * z + w[1]
            return (np.logaddexp(0, line) - targets * line).sum()

        fitted = platt.fit(p, good)
        best = optimize.minimize(loss, [0.0, 0.0], method="BFGS", tol=1e-10)

        assert loss([fitted.slope, fitted.intercept]) <= best.fun + 1e-7

    def test_by_hand(self):
        """Of 8 pairs with p_yes 0.5 six are good: targets sum to 6 * 7/8 + 2 * 1/4 = 5.75, so 5.75 / 8 fits best."""
        fitted = platt.fit(np.full(8, 0.5), np.array([True] * 6 + [False] * 2))

        assert log(5.75 / 2.25) == pytest.approx(fitted.intercept)
        assert [pytest.approx(5.75 / 8)] == fitted(np.array([0.5])).tolist()

    @pytest.mark.parametrize("p", [[0.0, 0.0, 1.0, 1.0], [0.5, 0.5, 0.5, 0.5], [1.0, 1.0, 0.0, 0.0]])
    def test_stays_finite_where_answers_are_extreme_equal_or_wrong(self, p):
        fitted = platt.fit(np.array(p), np.array([False, False, True, True]))

        assert np.isfinite([fitted.slope, fitted.intercept]).all()
        assert (0 <= fitted(np.array([0.0, 0.5, 1.0]))).all()


class TestReliability:
    def test_by_hand(self):
        """Two bins: means 0.25 and 0.8, shares 0.5 and 2/3 of two and three pairs: (2 * .25 + 3 * .1333) / 5 = .18."""
        of_bins = bins(np.array([0.2, 0.3, 0.7, 0.7, 1.0]), np.array([True, False, True, True, False]), 2)

        assert [(2, 1), (3, 2)] == [(b.pairs, b.good) for b in of_bins]
        assert 0.18 == pytest.approx(expected_calibration_error(of_bins))

    @given(SEEDS)
    def test_bins_as_scikit_learn_does(self, seed):
        p, good = drawn(seed)
        p = np.where(np.isclose(p * 5 % 1, 0), p + 1e-3, p)  # which bin has a border is our choice
        share, mean = calibration_curve(good, np.minimum(p, 1), n_bins=5)
        filled = [b for b in bins(np.minimum(p, 1), good, 5) if b.pairs]

        assert share.tolist() == pytest.approx([b.share for b in filled])
        assert mean.tolist() == pytest.approx([b.mean for b in filled])

    @given(SEEDS, st.integers(1, 20))
    def test_every_pair_is_in_one_bin(self, seed, n_bins):
        p, good = drawn(seed)
        of_bins = bins(p, good, n_bins)

        assert (len(p), good.sum()) == (sum(b.pairs for b in of_bins), sum(b.good for b in of_bins))

    def test_no_pair_has_no_error(self):
        assert expected_calibration_error(bins(np.empty(0), np.empty(0, dtype=bool), 5)) is None


class TestIndependence:
    def test_by_hand(self):
        """Errors 1100 and 1000: covariance .125, spreads .5 and sqrt(3)/4, so rho = 1 / sqrt(3)."""
        wrong = np.array([[1, 1], [1, 0], [0, 0], [0, 0]], dtype=bool)

        assert 1 / 3**0.5 == pytest.approx(independence.error_correlations(wrong)[0, 1])

    @given(SEEDS)
    def test_as_numpy(self, seed):
        wrong = np.random.default_rng(seed).random((40, 3)) < 0.4
        assume(0 < wrong.sum(axis=0).min() and wrong.sum(axis=0).max() < 40)

        assert np.corrcoef(wrong.T.astype(float)) == pytest.approx(independence.error_correlations(wrong))

    def test_a_judge_that_is_never_wrong_correlates_with_nobody(self):
        wrong = np.array([[0, 1], [0, 0]], dtype=bool)

        assert np.isnan(independence.error_correlations(wrong)[0, 1])
        assert independence.mean_correlation(independence.error_correlations(wrong)) is None

    def test_the_design_effect_is_the_variance_of_the_mean_of_correlated_votes(self):
        """The mean of n votes with variance s and correlation rho varies by s (1 + (n - 1) rho) / n."""
        n, rho = 5, 0.3
        covariance = np.full((n, n), rho) + (1 - rho) * np.eye(n)

        assert 1 / (covariance.sum() / n**2) == pytest.approx(independence.effective_votes(n, rho))

    def test_copies_of_one_judge_are_one_vote(self):
        wrong = np.repeat(np.array([[1], [0], [0], [1], [0]], dtype=bool), 3, axis=1)
        rho = independence.mean_correlation(independence.error_correlations(wrong))

        assert rho is not None
        assert 1.0 == pytest.approx(independence.effective_votes(3, rho))


class TestMcNemar:
    @given(st.integers(0, 60), st.integers(0, 60))
    def test_as_scipy(self, one, other):
        assume(one + other)

        assert stats.binomtest(one, one + other, 0.5).pvalue == pytest.approx(mcnemar(one, other))

    def test_judges_that_never_differ_differ_by_chance(self):
        assert mcnemar(0, 0) == 1.0


class TestRiskAt:
    def test_by_hand(self):
        """Most confident first the votes are right, wrong, right, wrong; the fifth judge abstained."""
        points = risk_at(
            np.array([0.1, 0.4, nan, 0.3, 0.2]),
            np.array([True, False, False, True, False]),
            [0.2, 0.4, 0.8, 1.0],
        )

        assert [(0.2, 1, 0), (0.4, 2, 1), (0.8, 4, 2)] == [(p.coverage, p.pairs, p.wrong) for p in points]
        assert [0.0, 0.5, 0.5] == [p.risk for p in points]

    @given(SEEDS)
    def test_at_full_coverage_the_risk_is_the_share_of_errors(self, seed):
        rng = np.random.default_rng(seed)
        wrong = rng.random(30) < 0.3
        (point,) = risk_at(rng.random(30), wrong, [1.0])

        assert wrong.mean() == pytest.approx(point.risk)

    def test_a_tenth_of_thirty_is_three(self):
        (point,) = risk_at(np.ones(30), np.zeros(30, dtype=bool), [0.1])

        assert 3 == point.pairs
