"""The profile of Table 2: its five test sets are benchmarks, which cost no vote, and RainDS-real still trains."""

from pathlib import Path

import pytest

from unirain_core.artefacts.roots import Roots
from unirain_core.config.load import load_params
from unirain_core.sources import catalogue
from unirain_core.sources.admission import admit
from unirain_core.sources.datasets import find_pairs

PARAMS = load_params(Path(__file__).parents[2] / "params.table2.yaml")
RAINY = (
    "realrain-1k/RealRain-1k-L/{}/input/1.png",
    "realrain-1k/RealRain-1k-H/{}/input/2.png",
    "rainds-real/{}_set/raindrop/3.png",
    "rainds-real/{}_set/rainstreak_raindrop/3.png",
    "weatherbench/rain/{}/input/4.jpg",
)


def admitted(root, name):
    dataset = PARAMS.raw_datasets.datasets[name]
    roots = Roots.load(root)
    entries = catalogue.load()
    _, listing = find_pairs(name, dataset, roots, entries)
    return admit(
        name, listing, PARAMS.raw_datasets, rain_types=PARAMS.rain_types, shows=entries.shows
    ).entries


@pytest.fixture
def root(tmp_path):
    for template in RAINY:
        for part in ("train", "test"):
            rainy = tmp_path / template.format(part)
            side = "gt" if "rainds" in template else "target"
            for file in (rainy, rainy.parent.parent / side / rainy.name):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(b"x")
    lines = [f"{name}: {name}\n" for name in ("realrain-1k", "rainds-real", "weatherbench")]
    (tmp_path / "roots.local.yaml").write_text("".join(lines))
    return tmp_path


@pytest.mark.parametrize("name", PARAMS.benchmarks)
def test_each_test_set_is_of_role_benchmark(root, name):
    benchmark = PARAMS.benchmarks[name]
    (source,) = benchmark.sources
    entries = [entry for entry in admitted(root, source) if benchmark.paths in f"/{entry.path}"]

    assert ["benchmark"] == [entry.role for entry in entries]


def test_only_rainds_real_trains_beside_its_test_part(root):
    roles = {name: {entry.role for entry in admitted(root, name)} for name in ("rainds-real", "weatherbench")}

    assert {"rainds-real": {"train", "benchmark"}, "weatherbench": {"benchmark"}} == roles
