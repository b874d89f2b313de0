"""The audit of judges that are models: a tiny LLaVA with weights of no training, through params, files and the audit's own way."""

from functools import partial

import pytest

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
pytest.importorskip("transformers")
import shutil  # noqa: E402
from pathlib import Path  # noqa: E402

from tests.distill.judges.test_llava import folder  # noqa: E402, F401
from tests.engine.in_process import InProcess  # noqa: E402
from tests.stages.test_judge_audit import project, write_votes  # noqa: E402, F401
from unirain_core.config.models import Llava  # noqa: E402
from unirain_core.config.sections import JudgeName, VlmVotes  # noqa: E402
from unirain_core.distill.audit.aims import (  # noqa: E402
    BATCH,
    ENGINE,
    NO_QUERY,
    ORDER,
    OTHER_TYPE,
    PARAPHRASE,
    PRECISION,
    SWAPPED,
)
from unirain_core.engine.rows import stream  # noqa: E402
from unirain_core.stages import audit_sample, judge_audit, judge_probes  # noqa: E402

ROOT = Path(__file__).parents[2]


def test_a_model_is_asked_in_other_words_in_another_precision_and_blind(project, folder, monkeypatch):  # noqa: F811
    monkeypatch.setenv("UNIRAIN_MODELS", str(folder.parent))
    monkeypatch.setattr(judge_audit, "stream", partial(stream, engine=InProcess()))
    shutil.copytree(ROOT / "prompts", project / "prompts")
    write_votes(project, [])
    models = {"tiny": Llava(weights="tiny", revision="1", precision="float32", batch=3)}
    (tiny,) = judge_probes.candidates(project, VlmVotes(judges=(JudgeName("tiny"),)), models)
    lines = judge_audit.audit(project, [tiny], audit_sample.draw(project, 4, 0))
    told = {line.check: line for line in lines if line.judge == "tiny"}
    asked = {check: line.flips.trials for check, line in told.items() if line.flips}

    assert {ORDER: 20, PARAPHRASE: 12, SWAPPED: 4, PRECISION: 4, BATCH: 4, OTHER_TYPE: 4, NO_QUERY: 4} == {
        check: asked[check] for check in (ORDER, PARAPHRASE, SWAPPED, PRECISION, BATCH, OTHER_TYPE, NO_QUERY)
    }
    assert (0.0, "met") == (told[BATCH].value, told[BATCH].outcome)
    moved = {check: line.moved for check, line in told.items() if line.moved is not None}
    assert moved[PARAPHRASE] > 1e-4  # words reach the model
    assert moved[ORDER] > 1e-5
    assert moved[NO_QUERY] > 1e-5
    assert 0 < moved[PRECISION] < 0.2
    assert "no other kind of judge in judge_models serves its revision" == told[ENGINE].reason
