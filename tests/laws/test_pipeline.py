"""dvc.yaml, the stage modules and the import graph tell one story."""

import inspect
import re
from importlib import import_module
from itertools import chain
from pathlib import Path

import grimp
import pytest

from unirain_core.artefacts.paths import LABELS, PROMPT, common
from unirain_core.config.load import read_yaml
from unirain_core.stages import ORDER

ROOT = Path(__file__).parents[2]
STAGES = read_yaml(ROOT / "dvc.yaml")["stages"]  # type: ignore[index]
# without its cache, which keeps modules of the commits before a merge
GRAPH = grimp.build_graph("unirain_core", cache_dir=None)
EXCEPTED = ("unirain_core.errors", "unirain_core.config", "unirain_core.compat")
DATA = {".html", ".json", ".yaml"}
"""Suffixes of the files that lie beside the modules which read them; a module that reads one names it."""
PARTITION = re.compile(r"\$\{(?:key|item|item\.split)\}")


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
    written: set[str] = {"data/sample_corpus", PROMPT, LABELS}  # a person writes prompt and labels
    for name in ORDER:
        stage = stage_module(name)
        assert set(stage.READS) <= written, f"{name} reads what no earlier stage wrote"
        written |= {p for w in stage.WRITES for p in (w, common(w))}


def test_no_shell_stands_between_dvc_and_a_stage():
    begin = 'exec env PATH="$PATH:$DVC_ROOT/.venv/bin" unirain run '
    assert all(body(name)["cmd"].startswith(begin + name) for name in ORDER)


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

    params = body(name).get("params", [])

    assert {p.partition(".")[0] for p in params} == set(stage.PARAMS)
    assert takes == set(stage.PARAMS), "run() takes its params by name"
    assert STAGES[name].get("foreach", "").strip("${}") not in params, "list its own item only"


def needed_files(name):
    """Every file that a stage's result may depend on: the modules that it imports, and the data beside them."""
    files = set()
    for module in imported_by(name):
        path = ROOT / (module.replace(".", "/") + ".py")
        if is_within(module, EXCEPTED) or not path.exists():  # a package: its __init__ is empty
            continue
        files.add(path)
        text = path.read_text(encoding="utf-8")
        files |= {data for data in path.parent.iterdir() if data.suffix in DATA and data.name in text}
    return files


def needed_code(name):
    """The same as few deps: a folder stands for its files where the stage needs all of them."""
    files = needed_files(name)

    def within(folder):
        inside = {f for f in folder.rglob("*") if f.is_file() and is_code(f)}
        if len(inside) > 1 and inside <= files:
            return [folder]
        deeper = [within(child) for child in sorted(folder.iterdir()) if child.is_dir()]
        return [*(f for f in inside & files if f.parent == folder), *chain.from_iterable(deeper)]

    return sorted(path.relative_to(ROOT).as_posix() for path in within(ROOT / "unirain_core"))


def is_code(file):
    return "__pycache__" not in file.parts and file.name != "__init__.py"


@pytest.mark.parametrize("name", ORDER)
def test_a_stage_depends_on_all_code_that_it_needs_and_on_no_other(name):
    listed = sorted(d for d in paths(name, "deps") if d.startswith("unirain_core/"))

    assert needed_code(name) == listed, "`python tests/laws/test_pipeline.py` writes these lines of dvc.yaml"


@pytest.mark.parametrize("name", ORDER)
def test_only_what_shows_a_text_depends_on_it(name):
    """Pages show them; raw_datasets runs always, and says in its errors which layouts there are."""
    texts = (
        "artefacts/meanings.py",
        "distill/gallery.html",
        "distill/gallery.py",
        "distill/trust/conclusions.py",
        "distill/trust/page.html",
        "distill/trust/page.py",
        "evaluation/pictures.py",
    )
    shown = {f"unirain_core/{text}" for text in (*texts, "sources/catalogue.yaml")}
    needed = {file.relative_to(ROOT).as_posix() for file in needed_files(name)}

    assert not needed & shown or body(name)["meta"]["group"] == "pages" or STAGES[name].get("always_changed")


def test_nothing_reads_a_page():
    pages = {out for name in ORDER if body(name)["meta"]["group"] == "pages" for out in paths(name, "outs")}
    read = {dep for name in ORDER for dep in paths(name, "deps")}

    assert pages & read == set()


def test_packages_have_empty_inits():
    filled = [
        str(p)
        for p in sorted((ROOT / "unirain_core").rglob("__init__.py"))
        if p.read_text(encoding="utf-8").strip() and p.parent.name != "stages"
    ]

    assert filled == []


def write_code_deps():
    """Write the code deps of every stage into dvc.yaml, behind its data."""
    lines, stage = [], ""
    for line in (ROOT / "dvc.yaml").read_text(encoding="utf-8").splitlines():
        if re.fullmatch(r"  \w+:", line):
            stage = line.strip(" :")
        if line.strip().startswith("- unirain_core/"):
            continue
        if line.strip() in ("params:", "outs:") and stage in ORDER:
            indent = " " * (line.index(line.strip()) + 2)
            lines += [f"{indent}- {path}" for path in needed_code(stage)]
            stage = ""  # `params:` stands before `outs:`; one of them is enough
        lines.append(line)
    (ROOT / "dvc.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_code_deps()
