"""What a vote's key holds of a judge, and what it leaves out (the pictures and their order: `test_ballots`)."""

from dataclasses import replace
from typing import Any

import pytest

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
pytest.importorskip("transformers")
pytest.importorskip("open_clip")
pytest.importorskip("sentencepiece")
from tests.distill.judges.tiny import PROMPT  # noqa: E402
from tests.distill.tiny_models import make_internvl, make_llava, make_mobilevlm  # noqa: E402
from unirain_core.config.models import HttpJudge, InternVl, JudgeModel, Llava, MobileVlm  # noqa: E402
from unirain_core.config.sections import JudgeName  # noqa: E402
from unirain_core.distill.judges import internvl, llava  # noqa: E402
from unirain_core.distill.judges.judge import prompt_hash  # noqa: E402
from unirain_core.stages.judges import JudgeChoice, make_judge  # noqa: E402

SETTINGS: dict[str, Any] = {"revision": "1", "precision": "float32", "batch": 2}
INTERNVL = InternVl(weights="internvl/native", query_tiles=2, **SETTINGS)
LLAVA = Llava(weights="llava", **SETTINGS)
MOBILEVLM = MobileVlm(weights="mobilevlm", **SETTINGS)
HTTP = HttpJudge(model="m", revision="1", address="JUDGE_URL")
EACH = pytest.mark.parametrize("model", [INTERNVL, LLAVA, MOBILEVLM, HTTP], ids=lambda model: model.kind)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("models")
    make_internvl(home / "internvl")
    for name, seed in (("llava", 0), ("other", 1)):
        make_llava(home / name, seed=seed)
    make_mobilevlm(home / "mobilevlm")
    return home


@pytest.fixture(autouse=True)
def models(home, monkeypatch):
    monkeypatch.setenv("UNIRAIN_MODELS", str(home))
    monkeypatch.setenv("JUDGE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("OTHER_URL", "http://127.0.0.1:2/v1")


def key(model: JudgeModel, prompt=PROMPT, n_references=3):
    return prompt_hash(make_judge(JudgeChoice(JudgeName("j"), model, prompt, n_references)))


@EACH
@pytest.mark.parametrize(
    "changed",
    [
        replace(PROMPT, instruction="Other words:"),
        replace(PROMPT, query="Other words:"),
        replace(PROMPT, question="Other words:"),
    ],
    ids=["instruction", "query", "question"],
)
def test_a_changed_word_of_the_prompt_is_another_key(model, changed):
    assert key(model) != key(model, changed)


@EACH
def test_the_label_of_references_and_the_words_that_count_are_part_of_the_key(model):
    assert key(model) != key(model, replace(PROMPT, reference="Picture {number}:"))
    assert key(model) != key(model, replace(PROMPT, words_yes=("Yes",)))
    assert key(model) != key(model, replace(PROMPT, words_no=("No",)))


@EACH
def test_the_question_without_references_has_a_key_of_its_own_and_changes_no_other(model):
    changed = replace(PROMPT, alone="Is this rain real?")

    assert key(model) == key(model, changed)
    assert key(model, n_references=0) != key(model, changed, n_references=0)
    assert key(model) != key(model, n_references=0)


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        (INTERNVL, {"query_tiles": 3}),
        (INTERNVL, {"reference_tiles": 2}),
        (INTERNVL, {"precision": "bfloat16"}),
        (LLAVA, {"precision": "bfloat16"}),
        (LLAVA, {"weights": "other"}),
        (MOBILEVLM, {"precision": "bfloat16"}),
        (MOBILEVLM, {"several": "pairwise"}),
        (MOBILEVLM, {"several": "montage"}),
        (HTTP, {"model": "n"}),
        (HTTP, {"revision": "2"}),
        (HTTP, {"logprobs": "optional"}),
    ],
    ids=str,
)
def test_weights_tiles_precision_and_engine_are_part_of_the_key(model, changes):
    assert key(model) != key(replace(model, **changes))


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        (INTERNVL, {"batch": 1}),
        (LLAVA, {"batch": 1}),
        (MOBILEVLM, {"batch": 1}),
        (HTTP, {"batch": 1, "address": "OTHER_URL", "timeout_s": 5.0, "tries": 2, "per_minute": 9}),
    ],
    ids=str,
)
def test_how_many_questions_go_at_once_and_where_the_server_stands_are_no_part_of_it(model, changes):
    assert key(model) == key(replace(model, **changes))


@pytest.mark.parametrize(("module", "model"), [(internvl, INTERNVL), (llava, LLAVA)])
def test_the_class_that_prepares_the_pictures_is_part_of_the_key(module, model, monkeypatch):
    before = key(model)
    monkeypatch.setattr(module, "PROCESSOR", "AnotherProcessor")
    make_judge.cache_clear()

    assert before != key(model)
    make_judge.cache_clear()
