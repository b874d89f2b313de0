"""A small project whose params name a tiny model of every real architecture, and what is computed when its stages run."""

from collections import Counter
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image
from ruamel.yaml import YAML
from skimage import data

from tests.distill.judges.tiny import ROOT
from tests.distill.tiny_models import (
    make_blip,
    make_clip,
    make_internvl,
    make_llava,
    make_mobilevlm,
    make_qwen,
)
from tests.end_to_end.conftest import rained
from tests.engine.in_process import InProcess
from unirain_core.artefacts import paths

STAGES = (
    "raw_datasets", "verified_pairs", "real_rain_database", "query_triplets", "retrieved_references", "vlm_votes",
    "rainrag_split",
)  # fmt: skip
N_PAIRS, N_PHOTOS = 14, 4
JUDGES = ("mobilevlm", "internvl", "llava")
_OWN = {"revision": "1", "precision": "float32"}
ENCODERS = {
    "blip": {"kind": "blip", "weights": "blip", "batch": 3, "prompt": "", "max_tokens": 8, **_OWN},
    "blip2": {"kind": "blip", "weights": "blip2", "batch": 3, "prompt": "", "max_tokens": 8, **_OWN},
    "clip": {"kind": "open_clip", "architecture": "tiny", "weights": "clip", "batch": 3, **_OWN},
    "clip2": {"kind": "open_clip", "architecture": "tiny", "weights": "clip2", "batch": 3, **_OWN},
    "qwen": {"kind": "rewriter", "weights": "qwen", "batch": 3, "max_tokens": 6, **_OWN},
}
_INTERNVL = {"kind": "internvl", "batch": 2, "query_tiles": 2, "reference_tiles": 1, **_OWN}
MODELS = {
    "mobilevlm": {"kind": "mobilevlm", "weights": "mobilevlm", "batch": 3, "several": "interleave", **_OWN},
    "internvl": {"weights": "internvl/authors", **_INTERNVL},
    "internvl2": {"weights": "internvl2/native", **_INTERNVL},
    "llava": {"kind": "llava", "weights": "llava", "batch": 3, **_OWN},
}


def make_models(home: Path) -> None:
    """All weights, as UNIRAIN_MODELS has them. The judges' answers mean nothing: `accept_share` sets them thresholds."""
    make_blip(home / "blip")
    make_blip(home / "blip2", seed=1)
    make_clip(home / "clip")
    make_clip(home / "clip2", seed=1)
    make_qwen(home / "qwen")
    make_mobilevlm(home / "mobilevlm", seed=6, is_outspoken=True)
    make_internvl(home / "internvl", seed=3, is_outspoken=True)
    make_internvl(home / "internvl2", seed=5, is_outspoken=True)
    make_llava(home / "llava", seed=2, is_outspoken=True)


def make_project(root: Path) -> None:
    """Params, prompt and pictures: pieces of two photographs, which share no scene."""
    for name in (paths.PROMPT, "params.yaml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    edit(root, first_params)
    (root / "roots.local.yaml").write_text("here: pool\n")
    for number in range(N_PAIRS):
        clean = _piece(data.astronaut(), number)
        for side, pixels in (("input", rained(clean, number)), ("target", clean)):
            _save(root / f"pool/mine/{side}/{number:02}.png", pixels)
    for number in range(N_PHOTOS):
        _save(root / f"pool/sky/{number}.png", rained(_piece(data.coffee(), number), 90 + number))


def first_params(params):
    params["rain_types"] = ["drs"]
    params["sample_corpora"] = {}
    params["raw_datasets"]["datasets"] = {
        "mine": {"layout": "paired", "root": "here", "folder": "mine", "rain_types": ["drs"]},
        "sky": {"layout": "photos", "root": "here", "folder": "sky"},
    }
    params["encoder_models"] = ENCODERS
    params["encoders"] |= {
        "captioner": "blip", "text_encoder": "clip", "image_encoder": "clip", "structure_side": 32,
    }  # fmt: skip
    params["query_captions"] |= {"form": "rewritten", "phrases": 3, "rewriter": "qwen"}
    params["vector_store"] = {"engine": "memory"}
    params["retrieved_references"] |= {"keep_semantic": 4, "keep_visual": 3, "keep_structural": 3}
    params["judge_models"] = MODELS
    params["vlm_votes"] |= {
        "judges": list(JUDGES), "accept_share": 0.75, "early_stop": True, "ask_all_share": 0.0,
    }  # fmt: skip
    for name in ("unfiltered", "test", "val"):
        params["rainrag_split"][name] |= {"per_type": 1, "per_scene": 1}


def edit(root: Path, change) -> None:
    """Change params.yaml as a person would."""
    yaml, file = YAML(), root / "params.yaml"
    params = yaml.load(file)
    change(params)
    yaml.dump(params, file)


def _piece(photo, number):
    row, column = divmod(number, photo.shape[1] // 128)
    return np.ascontiguousarray(photo[96 * row : 96 * row + 96, 128 * column : 128 * column + 128])


def _save(file: Path, pixels) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)


class Counted(InProcess):
    """Computes in this process, and notes how many rows each stage computes, and each judge."""

    computed: ClassVar[Counter[str]] = Counter()

    def submit(self, task):
        name = getattr(self.function.job, "judge", self.function.store.owner)
        self.computed[name] += len(task.rows)
        super().submit(task)
