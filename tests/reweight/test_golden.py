"""Weights and scores of three hand-checked loss curves (two of them also evaluated to 50 digits)."""

import numpy as np
import pytest

from unirain_core.config.sections import Strategy
from unirain_core.reweight.reweighter import MultiObjectiveReweighter

NAN = float("nan")
G1 = [(1, 2), (0.8, 1.9), (0.65, 1.8), (0.55, 1.75), (0.5, 1.6), (0.48, 1.5)]
G2 = [
    (1, 0.5, 0.8, 0.25),
    (0.7, 0.45, 0.78, 0.25),
    (0.5, 0.4, 0.76, 0.24),
    (0.4, 0.36, 0.74, 0.24),
    (0.35, 0.33, 0.72, 0.25),
    (0.32, 0.31, 0.7, 0.27),
    (0.31, 0.3, 0.68, 0.3),
    (0.3, 0.29, 0.66, 0.34),
]
G3 = [
    (0.9, 0.5, NAN),
    (0.8, 0.5, NAN),
    (0.7, 0.5, 0.4),
    (0.65, NAN, 0.5),
    (0.6, 0.5, NAN),
    (0.55, 0.5, 0.7),
    (0.52, 0.5, 0.9),
]


def scores_after(losses, time, **options):
    reweighter = MultiObjectiveReweighter(len(losses[0]), Strategy(af_logit_cap=None, **options))
    for row in losses[:time]:
        reweighter.update(row)
    return reweighter.scores()


def near(expected, actual):
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("time", "tbs", "tss", "printed", "absolute"),
    [
        (3, (0.2476638011390716, 0.7523361988609284), (0.5, 0.5), 1, 1),
        (
            4,
            (0.25408873728969594, 0.7459112627103041),
            (0.49404790022881406, 0.5059520997711859),
            1,
            0.6573050930345397,
        ),
        (
            5,
            (0.40131233988754794, 0.5986876601124521),
            (0.3796794324662975, 0.6203205675337025),
            0.5178050747233283,
            1,
        ),
        (
            6,
            (0.637401262022735, 0.3625987379772651),
            (0.3093432425958485, 0.6906567574041516),
            1,
            0.45135131555236496,
        ),
    ],
)
def test_two_types_have_the_scores_worked_out_by_hand(time, tbs, tss, printed, absolute):
    for preset, af in (("printed", printed), ("abs", absolute)):
        scores = scores_after(G1, time, window_size=3, reference="first", preset=preset)

        near(tbs, scores["tbs"])
        near(tss, scores["tss"])
        near(af, scores["af"])


@pytest.mark.parametrize(
    ("preset", "time", "weights"),
    [
        ("printed", 1, (0.5, 0.5)),
        ("abs", 2, (0.5, 0.5)),
        ("printed", 5, (0.3908810617100409, 0.6091189382899591)),
        ("printed", 6, (0.637401262022735, 0.3625987379772651)),
        ("abs", 4, (0.3363215203086267, 0.6636784796913733)),
        ("abs", 5, (0.40131233988754794, 0.5986876601124521)),
        ("abs", 6, (0.457412661241677, 0.5425873387583231)),
    ],
)
def test_two_types_have_the_weights_worked_out_by_hand(preset, time, weights):
    scores = scores_after(G1, time, window_size=3, reference="first", preset=preset)

    near(weights, scores["weights"])


def test_four_types_of_which_one_starts_to_diverge():
    printed = scores_after(G2, 5, window_size=4, reference="first", preset="printed")
    absolute = scores_after(G2, 5, window_size=4, reference="first", preset="abs")

    near((-0.115, -0.08, -0.025, 0), absolute["slopes"])
    near((0.0620411936565506, 0.11723286015559509, 0.3186719534592344, 0.50205399272862), absolute["tbs"])
    near((0.24999431595816435, 0.3021186077489031, 0.3274316893814598, 0.12045538691147271), absolute["tss"])
    near(1, printed["af"])
    near(printed["tbs"], printed["weights"])
    near(0.01338570184856971, absolute["af"])
    near(
        (0.24747843150152718, 0.2996437822555692, 0.3273144341681327, 0.12556335207477093),
        absolute["weights"],
    )


@pytest.mark.parametrize(
    ("preset", "time", "af"),
    [
        ("printed", 6, 4.138498178052214e-11),
        ("abs", 6, 4.4624892052085333e-07),
        ("printed", 8, 7.5789468833715725e-06),
        ("abs", 8, 2.723908941898344e-07),
    ],
)
def test_the_factor_of_four_types_while_one_diverges(preset, time, af):
    scores = scores_after(G2, time, window_size=4, reference="first", preset=preset)

    assert af == pytest.approx(scores["af"], rel=1e-9, abs=0)


def test_four_types_of_which_one_has_diverged():
    printed = scores_after(G2, 8, window_size=4, reference="first", preset="printed")
    absolute = scores_after(G2, 8, window_size=4, reference="first", preset="abs")

    near((-0.016, -0.026, -0.025, 0.12), absolute["slopes"])
    near((0.0476816523952848, 0.038499410703825766, 0.03933179831373413, 0.8744871385871553), absolute["tbs"])
    near(
        (0.22873494996080176, 0.28330078776111006, 0.46482213106010256, 0.02314213121798556), absolute["tss"]
    )
    near(
        (0.2287335777674765, 0.2832989324244764, 0.4648189062914714, 0.023148583516575838), printed["weights"]
    )
    near(
        (0.2287349006435322, 0.28330072107944415, 0.46482201516041044, 0.023142363116613385),
        absolute["weights"],
    )


@pytest.mark.parametrize("preset", ["printed", "abs"])
def test_a_type_that_is_rarely_seen_joins_when_its_window_is_full(preset):
    options = {"window_size": 3, "reference": "first_window", "preset": preset}
    four, six, seven = (scores_after(G3, time, **options) for time in (4, 6, 7))

    near((-0.09375, 0, NAN), four["slopes"])
    near((0.0794686146814117, 0.5871980519852549, 1 / 3), four["tbs"])
    near((0.46804224658595306, 0.19862442008071363, 1 / 3), four["tss"])
    near(1, four["af"])
    near(four["tbs"], four["weights"])
    near((-0.0625, 0, 0.1875), six["slopes"])
    near((0.04309873539236372, 0.09124002354161925, 0.8656612410660169), six["tbs"])
    near((0.6327148139219988, 0.2685069860860405, 0.0987781999919608), six["tss"])
    near(2.748204828029924e-09, six["af"])
    near((0.632714812301613, 0.26850698559887454, 0.09877820209951245), six["weights"])
    near((-0.05, 0, 0.24107142857142852), seven["slopes"])
    near(1.3019145614932103e-06, seven["af"])
    near((0.6401440349487508, 0.271659817247783, 0.08819614780346624), seven["weights"])
