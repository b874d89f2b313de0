"""What params says of a dataset decides what enters the pool, and nothing disappears."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.artefacts.picture import Picture, other_half
from unirain_core.config.sections import Dataset, RawDatasets
from unirain_core.errors import ConfigError
from unirain_core.sources import rules
from unirain_core.sources.admission import admit, pair_ids, settle_types
from unirain_core.sources.inventory import Refused
from unirain_core.sources.listing import Listed, Listing

TYPES = ("drs", "drd", "nrs", "nrd")
SHOWS = {"drs": "streak", "drd": "drop", "nrs": "streak", "nrd": "drop"}


def picture(
    path="input/1.png", *, target="target/1.png", halves=None, split="train", types=("drs",), group=None
):
    clean = Picture("r", path, halves) if halves else Picture("r", target) if target else None
    rainy = Picture("r", path, other_half(halves))
    return Listed(path=path, rainy=rainy, clean=clean, split=split, types=types, group=group)


def admitted(*items, refused=(), policy="drop", rain_types=TYPES, **dataset):
    pool = RawDatasets(
        mixture_policy=policy, datasets={"mine": Dataset(layout="paired", root="r", **dataset)}
    )
    return admit("mine", Listing(items, tuple(refused)), pool, rain_types=rain_types, shows=SHOWS)


@pytest.mark.parametrize(
    ("types", "policy", "outcome"),
    [
        (["drs"], "drop", (("drs",), "")),
        (["drs", "drd"], "drop", (("drd",), "")),
        (["drs", "drd"], "streak", (("drs",), "")),
        (["nrs", "nrd"], "exclude", ((), "mixture_excluded")),
        (["luma:drs|nrs"], "exclude", (("luma:drs|nrs",), "")),
        (["luma:hail|sleet"], "drop", ((), "type_not_listed")),
        (["other:fog", "drs"], "drop", ((), "type_not_listed")),
        (["snow"], "drop", ((), "type_not_listed")),
        (["other:snow"], "drop", ((), "type_not_listed")),
        (["drs", "nrs"], "drop", ((), "type_not_listed")),
    ],
)
def test_a_picture_has_one_type_or_a_reason(types, policy, outcome):
    assert outcome == settle_types(types, policy, TYPES, SHOWS)


def test_a_type_outside_the_usual_ones_counts_where_params_lists_it():
    entries = admitted(picture(types=("other:snow",)), rain_types=("drs", "snow")).entries

    assert [("snow",)] == [entry.rain_types for entry in entries]


def test_a_type_that_params_does_not_list_is_dropped_with_its_name():
    (row,) = admitted(picture(types=("nrd",)), rain_types=("drs",)).dropped

    assert ("type_not_listed", "nrd") == (row.reason, row.other)


def test_a_type_that_was_taken_out_of_rain_types_drops_the_datasets_that_state_it():
    pool = RawDatasets(datasets={"mine": Dataset(layout="paired", root="r", rain_types=("drd",))})
    (row,) = admit("mine", Listing((picture(types=()),), ()), pool, rain_types=("drs",), shows=SHOWS).dropped

    assert ("type_not_listed", "drd") == (row.reason, row.other)


def test_a_stated_type_that_nobody_knows_is_a_typo():
    pool = RawDatasets(datasets={"mine": Dataset(layout="paired", root="r", rain_types=("drz",))})

    with pytest.raises(ConfigError, match=r"mine\.rain_types: drz is neither in rain_types nor known"):
        admit("mine", Listing((picture(),), ()), pool, rain_types=("drs",), shows=SHOWS)


def test_params_override_types_role_and_scene():
    item = picture("s7/input/1.png", types=("nrs",), group="g")
    (entry,) = admitted(item, rain_types=TYPES, role="val", scene_rule=(r"(s\d)/.*", r"\1")).entries
    (typed,) = admit(
        "mine",
        Listing((item,), ()),
        RawDatasets(datasets={"mine": Dataset(layout="paired", root="r", rain_types=("drd",))}),
        rain_types=TYPES,
        shows=SHOWS,
    ).entries

    assert ("val", "scene:s7") == (entry.role, entry.group)
    assert (("drd",), "mine:g") == (typed.rain_types, typed.group)


def test_the_key_of_a_scene_rule_is_shared_by_all_datasets():
    one = admitted(picture("input/kodim01_3.png"), scene_rule=(r"input/(.+)_\d+\.png", r"\1")).entries[0]
    two = admitted(picture("rain/kodim01_9.png"), scene_rule=(r"rain/(.+)_\d+\.png", r"\1")).entries[0]

    assert one.group == two.group == "scene:kodim01"


def test_a_scene_rule_that_misses_some_paths_leaves_them_to_the_layout_and_counts_them():
    admission = admitted(picture("a1.png", group="g"), picture("b1.png", group="g"), scene_rule=("a.*", "a"))

    assert 1 == admission.without_scene
    assert ["scene:a", "mine:g"] == [e.group for e in admission.entries]


def test_a_scene_rule_that_matches_nothing_is_an_error():
    with pytest.raises(ConfigError, match=r"mine\.scene_rule: .* matches none of 1 paths"):
        admitted(picture(), scene_rule=("nowhere", "x"))


def test_a_scene_rule_that_is_no_pattern_is_an_error():
    with pytest.raises(ConfigError, match=r"scene_rule: .* is no rule"):
        admitted(picture(), scene_rule=("(", "x"))


@pytest.mark.parametrize("replacement", [r"\g<scene>", r"\2", r"\g<"])
def test_a_scene_rule_whose_replacement_names_no_group_is_an_error(replacement):
    with pytest.raises(ConfigError, match=r"scene_rule: .* is no rule"):
        admitted(picture(), scene_rule=("(.*)", replacement))


def test_a_scene_rule_that_explodes_ends_in_seconds_and_is_named(monkeypatch):
    monkeypatch.setattr(rules, "SECONDS", 0.5)
    started = time.monotonic()
    rule = (r"input/(a+)+$", "x")
    with pytest.raises(
        ConfigError, match=r"scene_rule: the pattern .* takes too long \(it was at input/a+!\.png"
    ):
        admitted(picture(f"input/{'a' * 60}!.png"), scene_rule=rule)

    assert time.monotonic() - started < 30  # half a second of CPU, on a machine that may be busy


def test_a_scene_rule_that_cannot_be_compiled_ends_at_once():
    with pytest.raises(ConfigError, match=r"scene_rule: .* is no rule"):
        admitted(picture(), scene_rule=("(" * 5000 + ")" * 5000, "x"))


def test_an_unpaired_picture_and_one_of_role_real_are_photos_without_type():
    photo = admitted(picture(target=None, split=None, types=("luma:drs|nrs",))).entries[0]
    demoted = admitted(picture(), role="real").entries[0]

    assert ("real", ()) == (photo.role, photo.rain_types)
    assert ("real", (), None) == (demoted.role, demoted.rain_types, demoted.clean)


@pytest.mark.parametrize("role", ["train", "val", "test", "benchmark"])
def test_photos_cannot_be_for_training_or_testing_and_are_photos_once_the_role_is_removed(role):
    photo = picture(target=None, split=None, types=())
    with pytest.raises(ConfigError, match=rf"mine\.role: .* none of its 1 pictures .*remove `role: {role}`"):
        admitted(photo, role=role)

    assert ["real"] == [entry.role for entry in admitted(photo).entries]


def test_a_role_holds_for_the_pairs_of_a_tree_that_has_photos_too():
    photo = picture("photos/1.png", target=None, split=None, types=())
    entries = admitted(picture(split=None), photo, role="test").entries

    assert ["test", "real"] == [entry.role for entry in entries]


def test_the_test_part_of_a_tree_may_be_a_benchmark_while_its_other_pairs_train():
    listed = [picture(f"{split}/1.png", split=split) for split in ("train", "val", "test")]
    by_tree, by_params = admitted(*listed, test_part="benchmark"), admitted(*listed, role="benchmark")

    assert ["train", "val", "benchmark"] == [entry.role for entry in by_tree.entries]
    assert ["benchmark"] * 3 == [entry.role for entry in by_params.entries]


def test_a_test_part_beside_a_role_is_refused_until_one_of_them_is_removed():
    with pytest.raises(ValueError, match=r"benchmark is not used beside role: test.*; remove one of them"):
        Dataset(layout="paired", root="r", role="test", test_part="benchmark")

    assert "test" == Dataset(layout="paired", root="r", role="test").role
    assert "benchmark" == Dataset(layout="paired", root="r", test_part="benchmark").test_part


def test_a_photo_of_snow_is_dropped():
    assert ["type_not_listed"] == [
        d.reason for d in admitted(picture(target=None, types=("other:snow",))).dropped
    ]


def test_a_picture_with_two_halves_cannot_be_a_photo():
    with pytest.raises(ConfigError, match="side by side"):
        admitted(picture(target=None, halves="left"), role="real")


def test_a_tree_that_says_no_split_asks_for_the_role():
    with pytest.raises(ConfigError, match=r"mine\.role: the tree does not say"):
        admitted(picture(split=None))


def test_a_layout_that_knows_no_type_asks_for_it():
    with pytest.raises(ConfigError, match=r"mine\.rain_types: layout 'paired' cannot tell"):
        admitted(picture(types=()))


def test_a_pair_without_split_among_others_is_dropped():
    admission = admitted(picture(), picture("x/2.png", split=None))

    assert ["split_unknown"] == [d.reason for d in admission.dropped]


@given(
    st.lists(
        st.tuples(st.sampled_from(["train", "test", None]), st.sampled_from(TYPES)), min_size=1, max_size=9
    )
)
def test_rows_are_conserved(facts):
    items = [picture(f"input/{i}.png", split=s, types=(t,)) for i, (s, t) in enumerate(facts)]
    orphans = [Refused("input/x.png", "orphan", "target/x.png")]
    admission = admitted(picture("input/sure.png"), *items, refused=orphans, rain_types=("drs", "nrd"))

    ids = [e.pair_id for e in admission.entries] + [d.pair_id for d in admission.dropped]
    assert len(facts) + 2 == len(ids) == len(set(ids))


@given(st.sets(st.text("ab./", min_size=1, max_size=6).map(lambda t: f"{t.strip('/')}x.png"), max_size=8))
def test_ids_are_distinct(paths):
    assert len(paths) == len(set(pair_ids("d", sorted(paths)).values()))


PARTS = st.sampled_from(["a", "b", "a.png", "a.b", "x", "x.jpg", "x.png", "x.png.png", ".x", "a b", "é"])
PATHS = st.lists(PARTS, min_size=1, max_size=3).map("/".join)
NAMED = st.sampled_from(["mine", "mine-2", "mine.2", "m", "A_1"])


@given(st.dictionaries(NAMED, st.sets(PATHS, max_size=8), max_size=4))
def test_ids_are_distinct_within_and_across_datasets(pool):
    RawDatasets(datasets={name: Dataset(layout="paired", root="r") for name in pool})
    ids = [i for name, paths in pool.items() for i in pair_ids(name, sorted(paths)).values()]

    assert len(ids) == len(set(ids)) == sum(map(len, pool.values()))


@pytest.mark.parametrize(
    "name",
    ["mine/sub", "../../evil", "..", ".", "", "a..b", "<script>", ".hidden", "a b", "é", "a\n", "scene"],
)
def test_a_name_of_a_dataset_is_a_plain_word(name):
    with pytest.raises(ValueError, match="cannot name a dataset: a name is letters, digits"):
        RawDatasets(datasets={name: Dataset(layout="paired", root="r")})


def test_an_id_keeps_its_suffix_only_where_another_differs_in_it_alone():
    ids = pair_ids("d", ["1.png", "1.png.png", "2.jpg", "2.png", "3.png"])

    assert ["d/1", "d/1.png.png", "d/2.jpg", "d/2.png", "d/3"] == sorted(ids.values())
