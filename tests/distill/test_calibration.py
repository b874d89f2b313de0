"""A threshold that follows the real photos."""

import math

from hypothesis import given
from hypothesis import strategies as st

from unirain_core.artefacts.schemas import Vote
from unirain_core.distill.calibration import decided, threshold

ANSWERS = st.lists(st.floats(0, 1), min_size=1, max_size=60)
SHARES = st.floats(0, 1, exclude_min=True)


@given(ANSWERS, SHARES)
def test_the_share_is_accepted_and_no_higher_threshold_accepts_it(answers, share):
    found = threshold(answers, share)

    assert sum(p >= found for p in answers) >= share * len(answers)
    assert sum(p > found for p in answers) < math.ceil(share * len(answers))


@given(ANSWERS, SHARES, SHARES)
def test_a_larger_share_never_makes_the_judge_stricter(answers, one, other):
    assert threshold(answers, max(one, other)) <= threshold(answers, min(one, other))


def test_a_vote_is_decided_anew_and_an_abstention_stays_one():
    vote = Vote(
        pair_id="p", judge="j", vote=False, p_yes=0.4, threshold=0.5, mass=1.0, reply="no", reason="", prompt_hash=""
    )  # fmt: skip
    silent = Vote(
        pair_id="p", judge="j", vote=None, p_yes=0.9, threshold=0.5, mass=0.1, reply="?", reason="", prompt_hash=""
    )  # fmt: skip

    (at, above, quiet) = (decided([v], {"j": t})[0] for v, t in ((vote, 0.4), (vote, 0.41), (silent, 0.1)))

    assert (True, 0.4) == (at.vote, at.threshold)
    assert above.vote is False
    assert quiet.vote is None
