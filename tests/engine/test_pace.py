import pytest

from unirain_core.engine.pace import Pace


def words(done, computed, seconds, total=200):
    times = iter([0.0, seconds])
    return Pace(total, "rows", clock=lambda: next(times)).words(done, computed)


def test_the_time_left_follows_from_what_this_run_has_computed():
    """120 were there before: 40 took 60 seconds, so the last 40 take another 60."""
    assert words(160, 40, 60.0) == "80 % (160 of 200 rows), about 60 s left"


@pytest.mark.parametrize(
    ("done", "computed", "said"),
    [
        (0, 0, "0 % (0 of 200 rows)"),
        (120, 0, "60 % (120 of 200 rows)"),
        (200, 80, "100 % (200 of 200 rows)"),
        (199, 79, "99 % (199 of 200 rows), about 0 s left"),
    ],
)
def test_no_time_is_named_before_there_is_a_speed_or_after_the_end(done, computed, said):
    assert words(done, computed, 1.0) == said
