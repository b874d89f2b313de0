"""Three pairs and three photos of noise with references: what the stage of votes reads, for its tests."""

from dataclasses import replace

import numpy as np

from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Dropped, Pair, RealPhoto, Reference, Verdict, Vote
from unirain_core.config.sections import JudgeName, VlmVotes
from unirain_core.imaging.codec import file_hash, write_png
from unirain_core.stages import vlm_votes

JUDGES = VlmVotes(
    judges=(
        JudgeName("statistics/photometric"),
        JudgeName("statistics/directional"),
        JudgeName("statistics/nss"),
    )
)
PAIRS = {"one/b": "drs", "one/a": "nrd", "two/c": "drs"}
PHOTOS = ("x", "y", "z")


def project_in(tmp_path, monkeypatch):
    """A project of them with one worker."""
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("UNIRAIN_WORKERS", "1")
    fill(tmp_path)
    return tmp_path


def fill(tmp_path):
    """Write what the stage reads: three pairs and three photos of noise, with references."""
    (tmp_path / "roots.local.yaml").write_text("here: pictures\n")
    (tmp_path / "pictures").mkdir()
    for seed, name in enumerate([*(p[-1] for p in PAIRS), *PHOTOS]):
        image = np.random.default_rng(seed).integers(0, 256, (96, 128, 3), dtype=np.uint8)
        write_png(tmp_path / f"pictures/{name}.png", image)
    pairs, photos = [pair(*p) for p in PAIRS.items()], [photo(name) for name in PHOTOS]
    tables.write(tmp_path / "data/verified/pairs.parquet", [listed(tmp_path, row) for row in pairs], Pair)
    tables.write(
        tmp_path / "data/verified/real.parquet", [listed(tmp_path, row) for row in photos], RealPhoto
    )
    for folder in ("triplets", "database"):
        tables.write(tmp_path / f"data/{folder}/dropped.parquet", [], Dropped)
    refer(tmp_path, dict.fromkeys(PAIRS, "xy"))
    refer(tmp_path, {"real/x": "yz", "real/y": "zx", "real/z": "xy"}, "photos")


def listed(project, row):
    """The row with the hash of its picture."""
    return replace(row, input_hash=file_hash(project / "pictures" / row.input))


def pair(pair_id, rain_type):
    return Pair(
        pair_id=pair_id, dataset=pair_id[:3], rain_type=rain_type, origin="synthetic", role="train", root="here",
        input=f"{pair_id[-1]}.png", target="missing.png", halves=None, scene_id="s", width=128, height=96,
        mode="RGB", clean_hash=b"", input_hash=f"hash of {pair_id}", target_hash="t",
    )  # fmt: skip


def photo(name):
    return RealPhoto(
        photo_id=f"real/{name}", dataset="real", root="here", input=f"{name}.png", width=128, height=96,
        mode="RGB", input_hash=f"hash of {name}",
    )  # fmt: skip


def refer(project, names, file="references"):
    rows = [
        Reference(pair_id=p, rank=rank, reference_id=f"real/{name}", s_txt=0.0, s_vis=0.0, s_perc=0.0)
        for p, photos in names.items()
        for rank, name in enumerate(photos)
    ]
    tables.write(project / f"data/references/{file}.parquet", rows, Reference)


def run(project, judges=JUDGES):
    vlm_votes.run(project, judge_models={}, vlm_votes=judges)
    votes = tables.read(project / "data/votes/votes.parquet", Vote)
    return votes, tables.read(project / "data/votes/verdicts.parquet", Verdict)
