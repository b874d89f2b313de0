"""A small project whose datasets a test spoils, and its two doors: a stage's run() and the command line."""

import fcntl
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from benchmarks.tiny_project import ROOT, run, state, tiny_project
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Dropped
from unirain_core.config.load import load_params
from unirain_core.imaging.codec import to_uint8

SHIPPED = Path(__file__).parents[2] / "params.yaml"
SCENES = (data.astronaut, data.coffee, data.chelsea)
DATASETS = """raw_datasets:
  mixture_policy: drop
  quota_seed: 0
  datasets:
    mine: {layout: paired, root: here, folder: mine, rain_types: [drs]}
    sky: {layout: photos, root: here, folder: sky}
"""


class Project:
    """A folder with params, one dataset of pairs and one of photos."""

    def __init__(self, root):
        self.root = root
        before, _, rest = SHIPPED.read_text().partition("raw_datasets:")
        after = rest[rest.index("\nverified_pairs:") :]
        (root / "params.yaml").write_text(before.replace("[drs, drd, nrs, nrd]", "[drs]") + DATASETS + after)
        (root / "roots.local.yaml").write_text("here: pool\n")
        self.put("good.png", 0)
        self.photo("photo.png", 0)

    @property
    def pool(self):
        return self.root / "pool"

    def put(self, name, seed, mode="RGB"):
        """Write a sound pair, in the format that the name's suffix says."""
        clean = scene(seed)
        for side, pixels in (("input", rained(clean, seed)), ("target", clean)):
            self.save(f"mine/{side}/{name}", stored_as(mode, pixels))

    def photo(self, name, seed, mode="RGB", **options):
        self.save(f"sky/{name}", stored_as(mode, rained(scene(seed), seed + 90)), **options)

    def save(self, path, picture, **options):
        """Write a picture below the pool."""
        file = self.pool / path
        file.parent.mkdir(parents=True, exist_ok=True)
        picture.save(file, **options)

    def run(self, *stages):
        """Run stages in this process."""
        params = load_params(self.root / "params.yaml")
        for stage in stages:
            module = import_module(f"unirain_core.stages.{stage}")
            module.run(self.root, **{name: getattr(params, name) for name in module.PARAMS})

    def table(self, path, row_class):
        return tables.read(self.root / path, row_class)

    def rejects(self):
        """What both listing and verification dropped: id to reason."""
        files = [self.root / f"data/{folder}/dropped.parquet" for folder in ("raw", "verified")]
        return {row.pair_id: row.reason for f in files if f.exists() for row in tables.read(f, Dropped)}

    def unirain(self, *arguments, **options):
        """What the command line answers: its exit code and its last words, as one line."""
        code, words = self.answer(*arguments, **options)
        return code, words.rpartition("unirain: ")[2]

    def answer(self, *arguments, **options):
        """What the command line answers: its exit code and all its words, as one line."""
        command = [sys.executable, "-m", "unirain_core.cli.main", *arguments]
        answer = subprocess.run(
            command, cwd=self.root, capture_output=True, text=True, check=False, **options
        )
        assert "Traceback" not in answer.stderr
        return answer.returncode, " ".join(answer.stderr.split())


def stored_as(mode, pixels):
    """A picture of a mode; Pillow would squeeze the 16 bits of `I;16` into the lowest 8."""
    picture = Image.fromarray(pixels)
    if mode != "I;16":
        return picture.convert(mode)
    return Image.fromarray(np.asarray(picture.convert("L"), dtype=np.uint16) * 257)


def scene(seed):
    """(96, 128, 3) of a photograph; other seeds give other scenes."""
    return np.ascontiguousarray(SCENES[seed % 3]()[7 * seed : 7 * seed + 96, 9 * seed : 9 * seed + 128])


def rained(clean, seed):
    noise = np.random.default_rng(seed).random(clean.shape[:2]) > 0.97
    streaks = np.sum([np.roll(noise, k, axis=0) for k in range(8)], axis=0) > 0
    return to_uint8(clean / 255 * (1 - 0.6 * streaks[..., None]) + 0.6 * streaks[..., None])


@pytest.fixture(scope="session")
def reproduced(tmp_path_factory, worker_id):
    """A small DVC project in which everything has run once; tests work on copies of it, which cost seconds.

    The first process of pytest-xdist that wants it makes it for all of them.
    """
    base = tmp_path_factory.getbasetemp()
    home = (base if worker_id == "master" else base.parent) / "reproduced"
    home.mkdir(exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "is_whole").exists():
            folder = tiny_project(home / "project")
            run(folder, sys.executable, "-m", "dvc", "repro", env={"PYTHONPATH": str(ROOT)})
            (home / "is_whole").touch()
    return home / "project"


def outs(project):
    """Content hash of every out and report; two files of DVC's own name only the stages that have run."""
    files = state(project).items()
    return {name: digest for name, digest in files if Path(name).name not in ("dvc.lock", ".gitignore")}


def copy_of(reproduced, folder):
    """A copy of the project that a test may change."""
    return Path(shutil.copytree(reproduced, folder / "project", symlinks=True))


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / ".unirain"))
    monkeypatch.setenv("UNIRAIN_WORKERS", "1")
    monkeypatch.delenv("DVC_ROOT", raising=False)
    return Project(tmp_path)
