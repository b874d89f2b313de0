"""pyproject.toml, the imports and the messages tell one story: what is hard, and which extra holds the rest."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import grimp
import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from unirain_core.cli import extras
from unirain_core.cli.extras import EXTRAS, missing_library
from unirain_core.config.sections import Network
from unirain_core.imaging.codec import read_rgb, write_png
from unirain_core.model import checkpoint
from unirain_core.model.architecture import build

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DISTRIBUTIONS = {
    module: {canonicalize_name(name) for name in names} for module, names in packages_distributions().items()
}
"""Who brings each importable module."""


def declared(requirements):
    """Names of the distributions of a list in pyproject.toml, the project itself left out."""
    return {canonicalize_name(Requirement(text).name) for text in requirements} - {"unirain"}


HARD = declared(PROJECT["dependencies"])
OF_EXTRAS = {extra: declared(texts) for extra, texts in PROJECT["optional-dependencies"].items()}


def closure(requirements):
    """Every distribution that pip installs for requirements, with their extras, on this machine."""
    reached, queue = set(), [Requirement(text) for text in requirements]
    while queue:
        asked = queue.pop()
        name = canonicalize_name(asked.name)
        for extra in {"", *asked.extras}:
            if (name, extra) in reached:
                continue
            reached.add((name, extra))
            if name == "unirain":
                queue += [Requirement(text) for text in PROJECT["optional-dependencies"].get(extra, ())]
                continue
            try:
                needed = [Requirement(text) for text in requires(name) or ()]
            except PackageNotFoundError:  # for another platform
                continue
            queue += [r for r in needed if r.marker is None or r.marker.evaluate({"extra": extra})]
    return {name for name, _ in reached} - {"unirain"}


def third_party():
    """Top-level modules that the two packages import and that neither they nor Python bring."""
    graph = grimp.build_graph(
        "unirain_core", "unirain_assets", include_external_packages=True, cache_dir=None
    )
    tops = {module for module in graph.modules if graph.is_module_squashed(module)}
    return tops - set(sys.stdlib_module_names)


def test_every_library_that_is_imported_is_declared():
    everything = HARD.union(*(OF_EXTRAS[extra] for extra in EXTRAS))
    undeclared = {m for m in third_party() if not DISTRIBUTIONS.get(m, {m}) & everything}

    assert sorted(undeclared) == []


def test_a_message_finds_the_extra_of_every_library_that_is_not_hard():
    of_extras = {module for module in third_party() if not DISTRIBUTIONS.get(module, set()) & HARD}

    assert [] == sorted(module for module in of_extras if missing_library(module) is None)


@pytest.mark.parametrize("extra", sorted(EXTRAS))
def test_the_modules_that_messages_know_are_those_of_the_extra(extra):
    brought = {name for module in EXTRAS[extra] for name in DISTRIBUTIONS.get(module, set())}

    assert OF_EXTRAS[extra] - HARD <= brought
    assert all(DISTRIBUTIONS[module] & OF_EXTRAS[extra] for module in EXTRAS[extra])


def test_the_modules_that_every_installation_has_are_those_of_the_hard_dependencies():
    assert HARD == {name for module in extras.HARD for name in DISTRIBUTIONS[module]}


def test_the_demonstration_installs_neither_models_nor_ray_and_the_tests_everything():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    demo, tests = re.findall(r"--editable '(\.\[.+\])'", makefile)
    of_demo = closure([f"unirain[{demo[2:-1]}]"])

    assert ".[pipeline,sample,ui]" == demo
    assert ".[dev]" == tests
    assert {"ray", "open-clip-torch", "transformers", "pytest", "lpips"} & of_demo == set()
    assert set().union(*OF_EXTRAS.values()) <= closure(["unirain[dev]"])


def test_every_library_that_is_installed_is_pinned_and_torch_bears_no_suffix():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)}
    needed = closure([*PROJECT["dependencies"], "unirain[dev]"])
    installed = {name for names in DISTRIBUTIONS.values() for name in names} & needed

    assert sorted(installed - set(pins) - {"setuptools", "pip"}) == []
    assert [] == [line for line in lines if "+" in line or "@" in line]


ONLY_HARD = """
import sys
from importlib.machinery import PathFinder

class Hard:
    find_distributions = PathFinder.find_distributions
    invalidate_caches = PathFinder.invalidate_caches

    @staticmethod
    def find_spec(name, path=None, target=None):
        return None if name.partition(".")[0] in HIDDEN else PathFinder.find_spec(name, path, target)

sys.meta_path = [Hard if finder is PathFinder else finder for finder in sys.meta_path]
from unirain_core.cli.main import main
try:
    main()
finally:
    print(json.dumps(sorted({module.partition(".")[0] for module in sys.modules})))
"""
"""A command in an environment that holds the hard dependencies alone."""


def command(folder, *arguments, extras=""):
    """Run `unirain` where only the hard dependencies, the named extras and what these bring can be imported."""
    allowed = closure([*PROJECT["dependencies"], f"unirain[{extras}]"])
    hidden = {m for m, names in DISTRIBUTIONS.items() if not names & (allowed | {"unirain"})}
    program = f"import json\nHIDDEN = frozenset({sorted(hidden)!r})\n{ONLY_HARD}"
    words = [sys.executable, "-c", program, *map(str, arguments)]
    return hidden, subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


def test_derain_needs_the_hard_dependencies_and_each_of_them(tmp_path):
    config = Network(dim=8, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=2.0, shuffle=2)
    checkpoint.save(tmp_path / "net", build(config, seed=0), config, {})
    write_png(tmp_path / "photo.png", np.full((40, 60, 3), 90, np.uint8))

    hidden, ended = command(tmp_path, "derain", "photo.png", "out", "--checkpoint", "net")

    assert ended.returncode == 0, ended.stderr
    assert (40, 60, 3) == read_rgb(tmp_path / "out/photo.png").shape
    loaded = set(json.loads(ended.stdout.splitlines()[-1]))
    assert loaded & hidden == set()
    assert {"pyarrow", "scipy", "mlflow", "dvc", "dagster", "skimage"} <= hidden
    assert HARD <= {name for module in loaded for name in DISTRIBUTIONS.get(module, set())}


@pytest.fixture
def project(tmp_path):
    for name in ("dvc.yaml", "params.yaml"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "data/raw/manifest.parquet").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "installed", "extra"),
    [
        (("prepare",), "", "pipeline"),
        (("run", "verified_pairs"), "", "pipeline"),
        (("explain", "a/1"), "", "pipeline"),
        (("ui",), "pipeline", "ui"),
        (("sync",), "pipeline", "ui"),
        (("sample-corpus", "corpus"), "", "sample"),
        (("run", "sample_corpus", "--partition", "demo"), "pipeline", "sample"),
    ],
)
def test_a_command_whose_library_is_not_installed_names_the_extra(project, arguments, installed, extra):
    _, ended = command(project, *arguments, extras=installed)

    assert ended.returncode == 3, ended.stderr
    assert f"run `pip install 'unirain[{extra}]'`" in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("module", [None, "no_such_module", "unirain_core.gone"])
def test_a_module_that_no_extra_brings_is_a_defect_of_the_program(module):
    assert missing_library(module) is None
