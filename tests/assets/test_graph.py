import pytest

from unirain_assets import graph
from unirain_core.errors import ConfigError


def step(toy, address):
    return graph.read(toy).step(address)


def test_edges_come_from_outs_and_deps(toy):
    edges = {step.address: step.upstream for step in graph.read(toy).steps}

    assert edges == {
        "listing": (),
        "votes": ("listing",),
        "train@ours": ("votes",),
        "train@uniform": ("votes",),
        "scores@ours": ("train@ours",),
        "scores@uniform": ("train@uniform",),
        "table": ("scores@ours", "scores@uniform"),
    }


def test_every_step_stands_behind_what_it_reads(toy):
    before: set[str] = set()
    for step in graph.read(toy).steps:
        assert set(step.upstream) <= before
        before.add(step.address)


def test_a_key_of_a_foreach_is_the_last_part_of_the_name(toy):
    assert ("train@uniform", ("train", "uniform")) == (
        step(toy, "train@uniform").address,
        step(toy, "train@uniform").path,
    )
    assert ("table",) == step(toy, "table").path


def test_a_foreach_over_nothing_is_no_step(toy):
    assert "baseline" not in {step.stage for step in graph.read(toy).steps}


def test_a_foreach_over_a_list_has_its_items_as_keys(toy):
    text = (toy / "dvc.yaml").read_text()
    (toy / "dvc.yaml").write_text(
        text.replace("foreach: ${methods}", "foreach: [x, y]")
        .replace("baseline ${key}", "${item}")
        .replace("baseline/${key}", "baseline/${item}")
    )

    assert [step(toy, f"baseline@{key}").outs for key in "xy"] == [("data/baseline/x",), ("data/baseline/y",)]


def test_placeholders_are_filled_from_the_item_of_the_key(toy):
    uniform = step(toy, "train@uniform")

    assert uniform.command == "exec python toy/stage.py train uniform 2"
    assert uniform.params == {"variants.uniform": {"lr": 2}}


def test_group_kinds_and_text_come_from_the_stage(toy):
    listing = step(toy, "listing")

    assert (listing.group, listing.kinds, listing.description) == (
        "corpus",
        ("python",),
        "list what there is",
    )


def test_a_dep_that_no_step_writes_is_code(toy):
    assert {step.code for step in graph.read(toy).steps} == {("toy",)}


def test_a_dep_within_an_out_and_one_around_outs_both_make_an_edge(toy):
    (toy / "dvc.yaml").write_text(
        "stages:\n  one: {cmd: x, outs: [data/a/b]}\n"
        "  within: {cmd: x, deps: [data/a/b/c.json], outs: [w]}\n"
        "  around: {cmd: x, deps: [data, data/ab], outs: [r]}\n"
    )

    assert ("one",) == step(toy, "within").upstream == step(toy, "around").upstream
    assert ("data/ab",) == step(toy, "around").code


def test_a_file_of_another_form_is_refused_with_the_place(toy):
    (toy / "dvc.yaml").write_text("stages: [a, b]")

    with pytest.raises(ConfigError, match="stages: a mapping is expected"):
        graph.read(toy)


def test_steps_stand_behind_what_they_read_whatever_the_order_of_the_file(toy):
    (toy / "dvc.yaml").write_text(
        "stages:\n  late: {cmd: x, deps: [data/first], outs: [b]}\n  first: {cmd: x, outs: [data/first]}\n"
    )

    assert [step.address for step in graph.read(toy).steps] == ["first", "late"]
