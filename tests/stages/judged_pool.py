"""A small pool as the stages before the split leave it: two rain types, one rejected pair, one dropped, one photo."""

import numpy as np
from PIL import Image

from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import (
    Dropped,
    ManifestRow,
    Pair,
    RealPhoto,
    Reference,
    TripletRow,
    Verdict,
    Vote,
)
from unirain_core.config.sections import Draw, RainragSplit, RainType

TYPES = (RainType("drs"), RainType("nrd"))
DRAW = Draw(per_type=1, per_scene=1)
PARAMS = RainragSplit(seed=0, unfiltered=DRAW, test=DRAW, val=DRAW)
FACTS = [(f"set/{t}/{i}", t, f"scene{i}") for t in TYPES for i in range(6)]
REJECTED = "set/drs/0"


def manifest_row(name, rain_type, role="train"):
    return ManifestRow(
        pair_id=name, dataset="set", rain_types=(rain_type,) if role != "real" else (), origin="synthetic", role=role,
        root="here", input=f"{name}.png", target=f"{name}.png" if role != "real" else None, halves=None, group=None,
        input_bytes=1, target_bytes=1, input_hash="i", target_hash="t",
    )  # fmt: skip


def verified(name, rain_type, scene):
    return Pair(
        pair_id=name, dataset="set", rain_type=rain_type, origin="synthetic", role="train", root="here",
        input=f"{name}.png", target=f"{name}.png", halves=None, scene_id=scene, width=6, height=4, mode="RGB",
        clean_hash=b"", input_hash="i", target_hash="t",
    )  # fmt: skip


def triplet(name):
    vector = np.zeros(2, dtype=np.float32)
    return TripletRow(
        id=name, caption=f"caption of {name}", caption_form="f", text_vector=vector, image_vector=vector,
        encoder="e", input_hash="i",
    )  # fmt: skip


def ruling(name):
    good = name != REJECTED
    return Verdict(pair_id=name, yes=3 * good, no=3 * (not good), abstained=0, verdict=good, calls=3)


def ballot(name):
    return Vote(
        pair_id=name, judge="statistics/nss", vote=name != REJECTED, p_yes=0.9, threshold=0.5, mass=1.0, reply="",
        reason="too dark", prompt_hash="",
    )  # fmt: skip


def write_upstream(root, facts=FACTS):
    photo = RealPhoto(
        photo_id="real/1", dataset="real", root="here", input="real/1.png", width=6, height=4, mode="RGB",
        input_hash="i",
    )  # fmt: skip
    manifest = [manifest_row(n, t) for n, t, _ in facts] + [manifest_row("real/1", "", role="real")]
    manifest.append(manifest_row("set/drs/torn", "drs"))
    manifest.sort(key=lambda row: row.pair_id)
    torn = Dropped(pair_id="set/drs/torn", dataset="set", reason="truncated", other=None)
    files = {
        ("raw/manifest", ManifestRow): manifest,
        ("raw/dropped", Dropped): [],
        ("verified/pairs", Pair): [verified(*fact) for fact in facts],
        ("verified/real", RealPhoto): [photo],
        ("verified/dropped", Dropped): [torn],
        ("triplets/dropped", Dropped): [],
        ("database/dropped", Dropped): [],
        ("votes/dropped", Dropped): [],
        ("triplets/triplets", TripletRow): [triplet(n) for n, _, _ in facts],
        ("database/triplets", TripletRow): [triplet("real/1")],
        ("references/references", Reference): [
            Reference(pair_id=n, rank=0, reference_id="real/1", s_txt=0.5, s_vis=0.5, s_perc=0.5)
            for n, _, _ in facts
        ],
        ("votes/votes", Vote): [ballot(n) for n, _, _ in facts],
        ("votes/verdicts", Verdict): [ruling(n) for n, _, _ in facts],
    }
    for (name, row_class), rows in files.items():
        tables.write(root / f"data/{name}.parquet", rows, row_class)
    for row in manifest:
        path = root / row.input
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((4, 6, 3), dtype=np.uint8)).save(path)
    (root / "roots.local.yaml").write_text("here: .\n")
