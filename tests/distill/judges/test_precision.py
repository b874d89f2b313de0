"""A judge in bfloat16 answers nearly as in float32; only params choose it, and 4 and 8 bits are refused without CUDA."""

from typing import Any

import pytest
import torch

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
pytest.importorskip("transformers")
pytest.importorskip("open_clip")
pytest.importorskip("sentencepiece")
from tests.distill.judges.test_internvl import QUESTIONS  # noqa: E402
from tests.distill.judges.tiny import PROMPT, scores_of  # noqa: E402
from tests.distill.tiny_models import make_internvl, make_llava, make_mobilevlm  # noqa: E402
from unirain_core.config.models import InternVl, Llava, MobileVlm  # noqa: E402
from unirain_core.distill.judges.internvl import InternVlModel  # noqa: E402
from unirain_core.distill.judges.llava import LlavaModel  # noqa: E402
from unirain_core.distill.judges.mobilevlm import MobileVlmModel  # noqa: E402
from unirain_core.errors import ConfigError  # noqa: E402

KINDS: dict[str, tuple[Any, Any]] = {
    "internvl": (InternVlModel, InternVl),
    "llava": (LlavaModel, Llava),
    "mobilevlm": (MobileVlmModel, MobileVlm),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    home = tmp_path_factory.mktemp("models")
    make_llava(home / "llava")
    make_mobilevlm(home / "mobilevlm")
    return {
        "internvl": make_internvl(home)["authors"],
        "llava": home / "llava",
        "mobilevlm": home / "mobilevlm",
    }


def model(kind, folders, precision):
    load, section = KINDS[kind]
    return load(folders[kind], section(weights="x", revision="1", precision=precision), PROMPT)


@pytest.mark.parametrize("kind", KINDS)
def test_bfloat16_stays_near_float32(kind, folders):
    exact, half = (
        scores_of(model(kind, folders, precision), QUESTIONS) for precision in ("float32", "bfloat16")
    )

    assert (torch.float32, torch.bfloat16) == (exact.dtype, half.dtype)
    cosines = torch.nn.functional.cosine_similarity(exact, half.float(), dim=-1)
    assert cosines.min() > 0.98


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.skipif(torch.cuda.is_available(), reason="here the precision would run")
@pytest.mark.parametrize("precision", ["int8", "nf4"])
def test_quantised_weights_are_refused_without_cuda(kind, precision, folders):
    with pytest.raises(
        ConfigError, match=f"precision: {precision} needs a CUDA device; bfloat16 or float32 runs"
    ):
        model(kind, folders, precision)
