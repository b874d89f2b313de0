"""A fourth VLM by params alone: its section is read as any other, and the stage asks it."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
pytest.importorskip("transformers")
from tests.distill.judges.test_any_vlm import INTERLEAVED, with_processor  # noqa: E402, F401
from tests.distill.judges.test_internvl import QUESTIONS  # noqa: E402
from tests.distill.judges.test_llava import folder  # noqa: E402, F401
from unirain_core.config.load import load_prompt, params_of  # noqa: E402
from unirain_core.config.models import AnyVlm  # noqa: E402
from unirain_core.config.sections import JudgeName  # noqa: E402
from unirain_core.distill.judges.judge import Response  # noqa: E402
from unirain_core.stages.judges import JudgeChoice, make_judge  # noqa: E402

ROOT = Path(__file__).parents[2]
SECTION = "{fourth: {kind: transformers, weights: tiny, revision: '1', precision: float32, batch: 2, max_context: 4096}}"


def test_a_section_of_kind_transformers_makes_a_judge_that_answers(with_processor, monkeypatch):  # noqa: F811
    monkeypatch.setenv("UNIRAIN_MODELS", str(with_processor(INTERLEAVED).parent))
    content = YAML(typ="safe").load((ROOT / "params.yaml").read_text())
    content["judge_models"] = YAML(typ="safe").load(SECTION)
    model = params_of(content, "params.yaml").judge_models["fourth"]
    prompt = load_prompt(ROOT / "prompts/rain.yaml")
    judge = make_judge(JudgeChoice(JudgeName("fourth"), model, prompt, 3))
    answers = judge.judge(QUESTIONS[:2])

    assert isinstance(model, AnyVlm)
    assert ("fourth", 2) == (judge.name, judge.batch)
    assert [True, True] == [isinstance(answer, Response) and 0 <= answer.p_yes <= 1 for answer in answers]
