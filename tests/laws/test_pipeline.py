"""dvc.yaml, the stage modules and the import graph tell one story."""

import inspect
import re
from importlib import import_module
from pathlib import Path

import grimp
import pytest

from unirain_core.artefacts.paths import common
from unirain_core.config.load import read_yaml
from unirain_core.stages import ORDER

ROOT = Path(__file__).parents[2]
STAGES = read_yaml(ROOT / "dvc.yaml")["stages"]  # type: ignore[index]
GRAPH = grimp.build_graph("unirain_core")
EXCEPTED = ("unirain_core.errors", "unirain_core.config", "unirain_core.compat")
PARTITION = re.compile(r"\$\{(?:key|item)\}")


def body(name):
    """A stage's definition: under `do` where it is a foreach stage."""
    return STAGES[name].get("do", STAGES[name])


def paths(name, section):
    """Paths of a section, `${key}` spelt `{partition}` as in paths.py; options of an out dropped."""
    entries = (next(iter(e)) if isinstance(e, dict) else e for e in body(name).get(section, []))
    return {PARTITION.sub("{partition}", e) for e in entries}


def stage_module(name):
    return import_module(f"unirain_core.stages.{name}")


def imported_by(name):
    """What a stage imports, directly or not; packages' own empty __init__ count with their members."""
    module = f"unirain_core.stages.{name}"
    return {module, *GRAPH.find_upstream_modules(module)} - {"unirain_core"}


def is_within(name, packages):
    return any(name == p or name.startswith(f"{p}.") for p in packages)


def test_the_stages_stand_in_their_order():
    assert tuple(STAGES) == ORDER


def test_a_datum_never_flows_back():
    written: set[str] = {"data/sample_corpus"}
    for name in ORDER:
        stage = stage_module(name)
        assert set(stage.READS) <= written, f"{name} reads what no earlier stage wrote"
        written |= {p for w in stage.WRITES for p in (w, w.removesuffix("/{partition}"))}


def test_no_shell_stands_between_dvc_and_a_stage():
    assert all(body(name)["cmd"].startswith(f"exec unirain run {name}") for name in ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_a_stage_reads_and_writes_what_dvc_yaml_says(name):
    stage = stage_module(name)
    whole = "foreach" not in STAGES[name]  # it reads all partitions: their common folder
    reads = {common(p) if whole else p for p in stage.READS}

    assert {d for d in paths(name, "deps") if not d.startswith("unirain_core/")} == reads
    assert paths(name, "outs") == set(stage.WRITES)
    assert ("foreach" in STAGES[name]) == any("{partition}" in p for p in stage.WRITES)


@pytest.mark.parametrize("name", ORDER)
def test_a_stage_reruns_when_any_params_it_takes_change(name):
    stage = stage_module(name)
    takes = set(inspect.signature(stage.run).parameters) - {"root", "partition", "made_with"}

    assert {p.partition(".")[0] for p in body(name)["params"]} == set(stage.PARAMS)
    assert takes == set(stage.PARAMS), "run() takes its params by name"
    assert STAGES[name].get("foreach", "").strip("${}") not in body(name)["params"], "list its own item only"


@pytest.mark.parametrize("name", ORDER)
def test_a_stage_reruns_when_any_code_it_imports_changes(name):
    code = [
        d.removesuffix(".py").replace("/", ".") for d in paths(name, "deps") if d.startswith("unirain_core/")
    ]
    missing = {m for m in imported_by(name) if not is_within(m, EXCEPTED) and not is_within(m, code)}
    packages = {m for m in missing if (ROOT / m.replace(".", "/")).is_dir()}  # their __init__ is empty

    assert missing - packages == set(), f"add to deps of '{name}' in dvc.yaml"


@pytest.mark.parametrize("name", ORDER)
def test_a_code_dep_exists_and_is_needed(name):
    for dep in (d for d in paths(name, "deps") if d.startswith("unirain_core/")):
        assert (ROOT / dep).exists(), f"{name}: {dep} does not exist"
        if dep.endswith(".py") or (ROOT / dep).is_dir():
            folder = dep.removesuffix(".py").replace("/", ".")
            assert any(is_within(m, [folder]) for m in imported_by(name)), f"{name}: {dep} is not imported"


def test_packages_have_empty_inits():
    filled = [
        str(p)
        for p in sorted((ROOT / "unirain_core").rglob("__init__.py"))
        if p.read_text(encoding="utf-8").strip() and p.parent.name != "stages"
    ]

    assert filled == []
