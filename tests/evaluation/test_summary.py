"""Which pairs are shown, and means."""

from unirain_core.artefacts.schemas import SplitRow
from unirain_core.evaluation.summary import mean, picture_name, shown


def rows(count):
    return [
        SplitRow(
            pair_id=f"a/{n}",
            rain_type=("drs", "nrd")[n % 2],
            scene_id="s",
            root="r",
            input="i",
            target="t",
            halves=None,
            input_hash="",
            target_hash="",
        )
        for n in range(count)
    ]


def test_the_shown_pairs_do_not_depend_on_the_order_and_fewer_are_the_first_of_more():
    all_of_them = rows(40)
    three = shown(all_of_them, 3)

    assert three == shown(all_of_them[::-1], 3)
    assert ["drs"] * 3 + ["nrd"] * 3 == [row.rain_type for row in three]
    assert shown(all_of_them, 1) == [three[0], three[3]]


def test_a_type_with_fewer_pairs_shows_them_all():
    assert len(shown(rows(3), 4)) == 3


def test_every_pair_has_a_file_name_of_its_own():
    assert len({picture_name(row.pair_id) for row in rows(40)}) == 40


def test_no_scores_have_no_mean():
    assert mean([]) is None
