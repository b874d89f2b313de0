"""Our reading of dvc.yaml and dvc.lock is DVC's own: its index is the oracle."""

import shutil
from pathlib import Path

import pytest
from dvc.dependency import ParamsDependency
from dvc.parsing import ResolveError
from dvc.repo import Repo

from unirain_assets import graph
from unirain_core.config.lock import read_lock
from unirain_core.errors import ConfigError

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(path.name for path in ROOT.glob("params*.yaml"))
ODD = """\
stages:
  first:
    foreach: [x, 7, 1.5]
    do:
      cmd: run ${item} ${deep.er.number} ${deep.flag}
      deps: ["code/${item}.py"]
      outs: ["data/${item}", "report/${item}.json": {cache: false}]
  second:
    foreach: ${names}
    do:
      cmd: again ${item}
      deps: [data, code]
      params: [deep.er, deep.flag]
      outs: ["late/${item}"]
  third:
    foreach: ${none}
    do: {cmd: "never ${key}", outs: ["never/${key}"]}
  fourth: {cmd: last, deps: [late/b/part.txt, late/c], outs: [end: {persist: true}]}
"""
ODD_PARAMS = "deep: {er: {number: 2e-4}, flag: true}\nnames: [b, c]\nnone: {}\n"


@pytest.fixture
def indexed():
    """What DVC itself says of a project: its index."""
    repos = []

    def read(root):
        repos.append(Repo(str(root)))
        return repos[-1].index

    yield read
    for repo in repos:
        repo.close()


def of_dvc(stage):
    deps = [dep for dep in stage.deps if not isinstance(dep, ParamsDependency)]
    params = [dep.read_params() for dep in stage.deps if isinstance(dep, ParamsDependency)]
    return {
        "command": stage.cmd,
        "deps": {dep.def_path for dep in deps},
        "params": params[0] if params else {},
        "outs": {out.def_path for out in stage.outs},
        "report": {out.def_path for out in stage.outs if not out.use_cache},
        "description": stage.desc or "",
        "group": (stage.meta or {}).get("group", "default"),
        "kinds": list((stage.meta or {}).get("kinds", [])),
    }


def of_ours(step):
    return {
        "command": step.command,
        "deps": set(step.deps),
        "params": step.params,
        "outs": set(step.outs),
        "report": {step.report} - {""},
        "description": step.description,
        "group": step.group,
        "kinds": list(step.kinds),
    }


def demand_equal(root, index):
    steps = graph.read(root).steps
    edges = {(step.address, other) for step in steps for other in step.upstream}

    assert {stage.name: of_dvc(stage) for stage in index.stages} == {
        step.address: of_ours(step) for step in steps
    }
    assert {(one.name, other.name) for one, other in index.graph.edges} == edges


@pytest.mark.parametrize("params", SHIPPED)
def test_the_shipped_pipeline_is_read_as_dvc_reads_it(toy, params, indexed):
    shutil.copy(ROOT / "dvc.yaml", toy)
    shutil.copy(ROOT / params, toy / "params.yaml")

    demand_equal(toy, indexed(toy))


def test_what_a_pipeline_may_hold_is_read_as_dvc_reads_it(toy, indexed):
    (toy / "dvc.yaml").write_text(ODD)
    (toy / "params.yaml").write_text(ODD_PARAMS)

    demand_equal(toy, indexed(toy))


def test_the_lock_is_read_as_dvc_reads_it(finished, indexed):
    lock = read_lock(finished)
    stages = {stage.name: stage for stage in indexed(finished).stages}

    assert stages.keys() == lock.keys()
    for address, stage in stages.items():
        files = [dep for dep in stage.deps if not isinstance(dep, ParamsDependency)]
        params = [dep.hash_info.value for dep in stage.deps if isinstance(dep, ParamsDependency)]
        assert {dep.def_path: dep.hash_info.value for dep in files} == lock[address].deps
        assert {out.def_path: out.hash_info.value for out in stage.outs} == lock[address].outs
        assert (params[0] if params else {}) == lock[address].params


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [("\nvariants:", "\nvariantz:", "variants"), ("{lr: 2}", "{rl: 2}", "item.lr")],
)
def test_a_key_that_params_lack_is_refused_as_dvc_refuses_it(toy, before, after, key, indexed):
    file = toy / "params.yaml"
    whole = file.read_text()
    file.write_text(f"\n{whole}".replace(before, after))

    with pytest.raises(ResolveError, match=f"Could not find '{key}'"):
        indexed(toy)
    with pytest.raises(
        ConfigError, match=rf"dvc\.yaml: stage 'train' uses \$\{{{key}\}}, which params\.yaml"
    ):
        graph.read(toy)
    file.write_text(whole)  # the key is added again

    demand_equal(toy, indexed(toy))
