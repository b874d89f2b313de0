"""What the judges' messages advise, carried out: each test begins with the fault."""

from dataclasses import replace

import pytest

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
transformers = pytest.importorskip("transformers")
pytest.importorskip("sentencepiece")
from benchmarks.judge_endpoint import Endpoint  # noqa: E402
from tests.distill.judges import test_internvl, test_llava, test_mobilevlm  # noqa: E402
from tests.distill.judges.test_any_vlm import INTERLEAVED, PICTURES_FIRST, with_processor  # noqa: E402, F401
from tests.distill.judges.test_any_vlm import section as any_section  # noqa: E402
from tests.distill.judges.test_http import QUESTIONS, asked, quick  # noqa: E402, F401
from tests.distill.judges.test_http import section as http_section  # noqa: E402
from tests.distill.judges.test_internvl import folders  # noqa: E402, F401
from tests.distill.judges.test_llava import folder  # noqa: E402, F401
from tests.distill.judges.test_mobilevlm import folder as mobilevlm_folder  # noqa: E402, F401
from tests.distill.judges.tiny import PROMPT  # noqa: E402
from unirain_core.distill.judges.answers import AnswerTokens  # noqa: E402
from unirain_core.distill.judges.any_vlm import any_vlm_judge  # noqa: E402
from unirain_core.distill.judges.http import EndpointJudge  # noqa: E402
from unirain_core.distill.judges.internvl import internvl_judge  # noqa: E402
from unirain_core.distill.judges.judge import Response  # noqa: E402
from unirain_core.distill.judges.llava import llava_judge  # noqa: E402
from unirain_core.distill.judges.mobilevlm import mobilevlm_judge  # noqa: E402
from unirain_core.errors import ConfigError, MissingInputError  # noqa: E402


def test_an_answer_word_that_is_one_token_is_taken():
    def encode(word):
        return [1] if word == "Yes" else [2] if word == "No" else [3, 4]

    wrong = replace(PROMPT, words_yes=("Certainly",))
    with pytest.raises(
        ConfigError, match=r"words_yes: none of .* is one token of this model; add a word that is"
    ):
        AnswerTokens.of(encode, wrong)

    AnswerTokens.of(encode, replace(wrong, words_yes=("Certainly", "Yes")))


def test_a_question_that_is_too_long_for_any_model_fits_with_fewer_references_or_more_context(
    with_processor,  # noqa: F811
    monkeypatch,
):
    monkeypatch.setenv("UNIRAIN_MODELS", str(with_processor(INTERLEAVED).parent))
    with pytest.raises(ConfigError, match=r"has up to ([0-9]+) tokens") as refusal:
        any_vlm_judge("fourth", any_section(max_context=100), PROMPT, 3)
    n_tokens = int(str(refusal.value).partition("has up to ")[2].split()[0])

    any_vlm_judge("fourth", any_section(max_context=n_tokens), PROMPT, 3)
    any_vlm_judge("fourth", any_section(max_context=n_tokens - 1), PROMPT, 2)


def test_a_question_that_is_too_long_for_llava_fits_with_fewer_references(folder, monkeypatch):  # noqa: F811
    monkeypatch.setenv("UNIRAIN_MODELS", str(folder.parent))
    with pytest.raises(ConfigError, match="lower keep_structural"):
        llava_judge("llava", test_llava.section(), PROMPT, 300)

    llava_judge("llava", test_llava.section(), PROMPT, 3)


def test_a_question_that_is_too_long_for_internvl_fits_with_fewer_tiles(folders, monkeypatch):  # noqa: F811
    monkeypatch.setenv("UNIRAIN_MODELS", str(folders["native"].parent))
    wide = test_internvl.section(weights="native", query_tiles=12, reference_tiles=12)
    with pytest.raises(ConfigError, match="lower query_tiles or reference_tiles"):
        internvl_judge("internvl", wide, PROMPT, 100)

    internvl_judge("internvl", replace(wide, query_tiles=1, reference_tiles=1), PROMPT, 100)


def test_a_template_that_keeps_pictures_where_they_stand_is_taken(with_processor, monkeypatch):  # noqa: F811
    place = with_processor(PICTURES_FIRST)
    monkeypatch.setenv("UNIRAIN_MODELS", str(place.parent))
    with pytest.raises(ConfigError, match="give it a template that keeps pictures where they stand"):
        any_vlm_judge("fourth", any_section(), PROMPT, 3)

    (place / "chat_template.jinja").write_text(INTERLEAVED, encoding="utf-8")
    any_vlm_judge("fourth", any_section(), PROMPT, 3)


def test_mobilevlm_shows_any_number_of_references_one_by_one_or_in_one_prompt(mobilevlm_folder, monkeypatch):  # noqa: F811
    monkeypatch.setenv("UNIRAIN_MODELS", str(mobilevlm_folder.parent))
    with pytest.raises(ConfigError, match="use interleave or pairwise"):
        mobilevlm_judge("m", test_mobilevlm.section(several="montage"), PROMPT, 4)
    with pytest.raises(ConfigError, match="use several: pairwise"):
        mobilevlm_judge("m", test_mobilevlm.section(), PROMPT, 300)

    mobilevlm_judge("m", test_mobilevlm.section(), PROMPT, 4)
    mobilevlm_judge("m", test_mobilevlm.section(several="pairwise"), PROMPT, 300)


def test_a_server_that_refuses_a_section_takes_it_when_it_is_corrected(monkeypatch):
    endpoint = Endpoint(lambda *_: "answer", model="served")
    with pytest.raises(ConfigError, match=r"correct its section in params\.yaml"):
        asked(endpoint, monkeypatch, model="other")

    assert 12 == len(asked(endpoint, monkeypatch, model="served"))


def test_a_server_that_gives_logprobs_after_all_is_taken(monkeypatch):
    with pytest.raises(ConfigError, match="let it give them, or set logprobs: optional"):
        asked(Endpoint(lambda *_: "no_logprobs"), monkeypatch)

    assert 12 == len(asked(Endpoint(lambda *_: "answer"), monkeypatch))


def test_a_judge_answers_once_its_server_is_started_or_its_address_corrected(monkeypatch):
    monkeypatch.setenv("JUDGE_URL", "http://127.0.0.1:1/v1")
    judge = EndpointJudge("far", http_section(tries=1), PROMPT, 3)
    with pytest.raises(MissingInputError, match="start it, or correct the address"):
        judge.judge(QUESTIONS)

    assert 12 == len(asked(Endpoint(lambda *_: "answer"), monkeypatch))


def test_a_server_that_died_answers_when_it_is_started_again_and_the_command_repeated(monkeypatch):
    with pytest.raises(MissingInputError, match="start it again, and run the same command"):
        asked(Endpoint(lambda number, _: "drop" if number else "answer"), monkeypatch, tries=1)

    answers = asked(Endpoint(lambda *_: "answer"), monkeypatch, tries=1)
    assert all(isinstance(given, Response) for given in answers)
