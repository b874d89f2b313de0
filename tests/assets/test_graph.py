import pytest

from unirain_assets import graph
from unirain_core.errors import ConfigError


def test_edges_come_from_outs_and_deps(toy):
    edges = {stage.name: stage.upstream for stage in graph.read(toy).stages}

    assert edges == {
        "listing": (),
        "votes": ("listing",),
        "train": ("votes",),
        "scores": ("train",),
        "table": ("scores",),
    }


def test_a_foreach_stage_has_a_step_for_every_key(toy):
    addresses = [step.address for step in graph.read(toy).steps()]

    assert addresses == [
        "listing", "votes", "train@ours", "train@uniform", "scores@ours", "scores@uniform", "table",
    ]  # fmt: skip


def test_a_foreach_over_nothing_is_no_stage(toy):
    assert "baseline" not in {stage.name for stage in graph.read(toy).stages}


def test_a_foreach_over_a_list_has_its_items_as_keys(toy):
    text = (toy / "dvc.yaml").read_text()
    (toy / "dvc.yaml").write_text(
        text.replace("foreach: ${methods}", "foreach: [x, y]")
        .replace("baseline ${key}", "${item}")
        .replace("baseline/${key}", "baseline/${item}")
    )
    stage = next(s for s in graph.read(toy).stages if s.name == "baseline")

    assert [step.outs for step in stage.steps] == [("data/baseline/x",), ("data/baseline/y",)]


def test_placeholders_are_filled_from_the_item_of_the_key(toy):
    stage = next(s for s in graph.read(toy).stages if s.name == "train")

    assert stage.step("uniform").command == "exec python toy/stage.py train uniform 2"
    assert stage.step("uniform").params == {"variants.uniform": {"lr": 2}}


def test_group_kinds_and_text_come_from_the_stage(toy):
    listing = graph.read(toy).stages[0]

    assert (listing.group, listing.kinds, listing.description) == (
        "corpus",
        ("python",),
        "list what there is",
    )


def test_a_step_reads_its_namesake_alone(toy):
    pipeline = graph.read(toy)
    scores = next(s for s in pipeline.stages if s.name == "scores").step("ours")

    assert [p.address for p in pipeline.producers(scores)] == ["train@ours"]


def test_a_dep_that_no_step_writes_is_code(toy):
    pipeline = graph.read(toy)

    assert {pipeline.sources(step) for step in pipeline.steps()} == {("toy",)}


def test_a_file_of_another_form_is_refused_with_the_place(toy):
    (toy / "dvc.yaml").write_text("stages: [a, b]")

    with pytest.raises(ConfigError, match="stages: a mapping is expected"):
        graph.read(toy)


def test_stages_stand_behind_what_they_read_whatever_the_order_of_the_file(toy):
    (toy / "dvc.yaml").write_text(
        "stages:\n  late: {cmd: x, deps: [data/first], outs: [b]}\n  first: {cmd: x, outs: [data/first]}\n"
    )

    assert [stage.name for stage in graph.read(toy).stages] == ["first", "late"]
