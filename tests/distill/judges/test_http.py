"""A judge behind an endpoint, against a server of our own that fails in every way that servers do."""

import threading
from typing import Any

import numpy as np
import pytest

from benchmarks.judge_endpoint import MOVED, Endpoint
from tests.distill.judges.tiny import PROMPT
from unirain_core.config.models import HttpJudge
from unirain_core.distill.judges import server
from unirain_core.distill.judges.http import EndpointJudge
from unirain_core.distill.judges.judge import Question, Response, Unanswered
from unirain_core.errors import ConfigError, MissingInputError


def question(seed):
    pictures = np.random.default_rng(seed).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    return Question(pictures[0], list(pictures[1:]))


QUESTIONS = [question(seed) for seed in range(12)]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(server, "FIRST_PAUSE_S", 0.01)


def section(**changes):
    settings = {
        "model": "m",
        "revision": "1",
        "address": "JUDGE_URL",
        "batch": 4,
        "timeout_s": 10.0,
        "tries": 4,
    }
    return HttpJudge(**{**settings, **changes})


def asked(endpoint, monkeypatch, **changes):
    """The answers of the judge to all questions, and the judge."""
    with endpoint.running() as address:
        monkeypatch.setenv("JUDGE_URL", address)
        return EndpointJudge("far", section(**changes), PROMPT, 3).judge(QUESTIONS)


def first_fail_then(deed, every=3):
    """A script: of each few questions one fails once; the first, which looks at the server, does not."""
    seen = set()

    def script(number, question):
        is_new = question not in seen
        seen.add(question)
        return deed if is_new and number % every == 1 else "answer"

    return script


def test_p_yes_comes_from_the_probabilities_of_the_first_word(monkeypatch):
    endpoint = Endpoint(lambda *_: "answer")
    answers = asked(endpoint, monkeypatch)

    assert [0.75] * 12 == [pytest.approx(given.p_yes) for given in answers]
    assert [0.8] * 12 == [pytest.approx(given.mass) for given in answers]


@pytest.mark.parametrize("deed", ["drop", "cut", "429", "500"])
def test_what_may_be_better_later_is_asked_again_until_it_is_answered_and_none_twice(deed, monkeypatch):
    endpoint = Endpoint(first_fail_then(deed))
    answers = asked(endpoint, monkeypatch)

    assert all(isinstance(given, Response) for given in answers)
    assert {1} == set(endpoint.answered.values())
    assert 13 == len(endpoint.answered)  # the first one looked at the server


@pytest.mark.parametrize("deed", ["slow", "drip"])
def test_an_answer_that_does_not_come_whole_in_time_is_asked_for_again(deed, monkeypatch):
    endpoint = Endpoint(first_fail_then(deed), slow_s=2.5)
    answers = asked(endpoint, monkeypatch, timeout_s=1.0, batch=12)

    assert all(isinstance(given, Response) for given in answers)
    assert 4 == endpoint.deeds[deed]
    assert endpoint.n_requests >= 17


@pytest.mark.parametrize(
    ("deed", "words"), [("nonsense", '{"choices": []}'), ("page", "<html>Welcome</html>")]
)
def test_nonsense_is_no_answer_and_says_what_came(deed, words, monkeypatch):
    answers = asked(Endpoint(first_fail_then(deed)), monkeypatch)
    details = [given.detail for given in answers if isinstance(given, Unanswered)]

    assert [f"an answer that is none: {words}"] * 4 == details


@pytest.mark.parametrize(
    ("deed", "words"), [("refuse", "refuses questions (status 400: "), ("no_logprobs", "gives no logprobs")]
)
def test_a_server_that_answered_and_refuses_one_question_ends_that_one_alone(deed, words, monkeypatch):
    answers = asked(Endpoint(first_fail_then(deed)), monkeypatch)
    details = [given.detail for given in answers if isinstance(given, Unanswered)]

    assert 4 == len(details)
    assert all(words in detail for detail in details)


def test_as_many_requests_run_at_once_as_params_say(monkeypatch):
    running, seen, lock, together = [], [], threading.Lock(), threading.Barrier(3)

    def script(number, _):
        with lock:
            running.append(number)
            seen.append(len(running))
        if number in (1, 2, 3):
            together.wait(30)  # goes on only when three requests are here
        with lock:
            running.remove(number)
        return "answer"

    asked(Endpoint(script), monkeypatch, batch=3)

    assert 3 == max(seen)


def test_a_server_that_asks_to_wait_is_left_alone_for_that_long(monkeypatch):
    endpoint = Endpoint(lambda number, _: "429" if number == 0 else "answer")
    asked(endpoint, monkeypatch)

    assert endpoint.times[1] - endpoint.times[0] >= 0.1  # Retry-After: 0.1; our own first pause is 0.01


def test_pauses_grow_and_end_with_the_tries(monkeypatch):
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    monkeypatch.setattr(server, "LONGEST_PAUSE_S", 0.05)
    with pytest.raises(MissingInputError, match="status 500, 6 times"):
        asked(Endpoint(lambda *_: "500"), monkeypatch, tries=6)

    assert [0.01, 0.02, 0.04, 0.05, 0.05] == [pause for pause in pauses if pause < 0.06]


def test_a_question_that_fails_too_often_is_unanswered_with_its_reason(monkeypatch):
    answers = asked(Endpoint(lambda number, _: "500" if number % 2 else "answer"), monkeypatch, tries=1)
    details = {given.detail for given in answers if isinstance(given, Unanswered)}

    assert {"status 500, 1 times"} == details


def test_a_server_that_dies_in_the_middle_ends_the_stage_with_what_to_do(monkeypatch):
    with pytest.raises(
        MissingInputError, match=r"answered none of 12 questions .* start it again, and run the same"
    ):
        asked(Endpoint(lambda number, _: "answer" if number == 0 else "drop"), monkeypatch, tries=2)


def test_a_server_that_is_not_there_is_named_by_its_variable(monkeypatch):
    monkeypatch.setenv("JUDGE_URL", "http://127.0.0.1:1/v1")

    with pytest.raises(MissingInputError, match=r"no answer from the server at JUDGE_URL .*; start it"):
        EndpointJudge("far", section(tries=1), PROMPT, 3).judge(QUESTIONS)


def test_an_address_that_is_not_set_is_asked_for(monkeypatch):
    monkeypatch.delenv("JUDGE_URL", raising=False)

    with pytest.raises(MissingInputError, match="JUDGE_URL is not set: it holds the address"):
        EndpointJudge("far", section(), PROMPT, 3)


def test_a_refusal_is_told_at_once_in_the_servers_words(monkeypatch):
    endpoint = Endpoint(lambda *_: "refuse")

    with pytest.raises(ConfigError, match=r"refuses questions .*no such model"):
        asked(endpoint, monkeypatch)
    assert 1 == endpoint.n_requests


def test_a_server_that_leaves_logprobs_out_with_status_200_is_refused(monkeypatch):
    with pytest.raises(ConfigError, match=r"gives no logprobs, .* set logprobs: optional"):
        asked(Endpoint(lambda *_: "no_logprobs"), monkeypatch)


def test_where_params_allow_it_a_plain_no_counts_and_says_so(monkeypatch):
    answers = asked(Endpoint(lambda *_: "no_logprobs"), monkeypatch, logprobs="optional")

    assert {(0.0, 1.0, "the server gave no logprobs")} == {(a.p_yes, a.mass, a.reason) for a in answers}


@pytest.mark.parametrize("shows_tokens", [False, True], ids=["as llama.cpp", "as vLLM"])
def test_a_template_that_takes_the_pictures_from_their_labels_is_refused(shows_tokens, monkeypatch):
    moved = Endpoint(lambda *_: "answer", template=MOVED, shows_tokens=shows_tokens)
    with pytest.raises(ConfigError, match="shows no picture after 'Query:'"):
        asked(moved, monkeypatch)
    assert 1 == moved.n_requests  # the one that looked at the server

    assert 12 == len(asked(Endpoint(lambda *_: "answer", shows_tokens=shows_tokens), monkeypatch))


def test_a_server_that_does_not_show_its_prompt_needs_a_word_in_params(monkeypatch):
    def broken(*_):
        raise ConnectionError

    monkeypatch.setattr("benchmarks.judge_endpoint._rendered", broken)

    with pytest.raises(ConfigError, match=r"does not show the prompt .* set prompt_check: skipped"):
        asked(Endpoint(lambda *_: "answer"), monkeypatch)
    assert 12 == len(asked(Endpoint(lambda *_: "answer"), monkeypatch, prompt_check="skipped"))


def test_requests_are_spread_over_the_minute(monkeypatch):
    endpoint = Endpoint(lambda *_: "answer")
    asked(endpoint, monkeypatch, per_minute=1200)
    times = sorted(endpoint.times)

    assert times[-1] - times[0] >= 12 * 0.05 * 0.9


def test_the_key_travels_in_its_header_and_is_never_printed_not_even_where_the_server_repeats_it(monkeypatch):
    monkeypatch.setenv("JUDGE_KEY", "s3cret\n")
    endpoint = Endpoint(lambda *_: "answer")
    asked(endpoint, monkeypatch, key="JUDGE_KEY")

    assert {"Bearer s3cret"} == {headers["Authorization"] for headers in endpoint.headers}
    with pytest.raises(ConfigError, match=r"refuses .*you sent Bearer \(key\)") as refusal:
        asked(Endpoint(lambda *_: "refuse"), monkeypatch, key="JUDGE_KEY")
    assert "s3cret" not in str(refusal.value)


def test_a_key_that_no_header_can_hold_is_refused_without_being_shown(monkeypatch):
    monkeypatch.setenv("JUDGE_KEY", "s3cret\nand more")

    with pytest.raises(
        ConfigError, match="JUDGE_KEY holds more than a key; set it to the key alone"
    ) as refusal:
        asked(Endpoint(lambda *_: "answer"), monkeypatch, key="JUDGE_KEY")
    assert "s3cret" not in str(refusal.value)
    monkeypatch.setenv("JUDGE_KEY", "s3cret")
    assert 12 == len(asked(Endpoint(lambda *_: "answer"), monkeypatch, key="JUDGE_KEY"))


def test_labels_stand_before_their_pictures_and_the_constant_text_first_in_what_is_sent(monkeypatch):
    sent: list[list[dict[str, Any]]] = []

    def noted(messages, _):
        sent.append(messages)
        return ""

    monkeypatch.setattr("benchmarks.judge_endpoint._rendered", noted)
    with pytest.raises(ConfigError, match="shows no picture"):
        asked(Endpoint(lambda *_: "answer"), monkeypatch)
    [[message]] = sent

    assert "user" == message["role"]
    assert [
        f"{PROMPT.instruction}\nQuery: ", "a picture", "\nReference 1: ", "a picture", "\nReference 2: ", "a picture",
        "\nReference 3: ", "a picture", f"\n{PROMPT.question}",
    ] == [part.get("text", "a picture") for part in message["content"]]  # fmt: skip
    assert all(
        part["image_url"]["url"].startswith("data:image/png;base64,")
        for part in message["content"]
        if part["type"] == "image_url"
    )
