"""The HTTP judge against `transformers serve` with a tiny LLaVA, in an environment without torchvision.

With a torchvision that was built for CUDA, that server answers any picture with 500. It gives no logprobs and shows no prompt.
"""

import os
import socket
import subprocess
import sys
import time
import venv
from importlib.util import find_spec
from pathlib import Path

import httpx
import polars as pl
import pytest

from benchmarks.judge_requests import votes_of
from tests.distill.judges.tiny import PROMPT, byte_pairs
from unirain_core.compat import ensure_torchvision
from unirain_core.config.models import HttpJudge
from unirain_core.distill.judges.answers import AnswerTokens
from unirain_core.distill.judges.http import EndpointJudge
from unirain_core.distill.judges.judge import WITHOUT_SCORES
from unirain_core.distill.judges.tokens import spelled
from unirain_core.errors import ConfigError

ensure_torchvision()
transformers = pytest.importorskip("transformers")
MISSING = [name for name in ("accelerate", "fastapi", "openai", "rich", "uvicorn") if find_spec(name) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"`transformers serve` needs {', '.join(MISSING)}"),
]
SERVE = "from transformers.cli.transformers import main; main()"


def make_environment(home):
    """A Python with all packages of this one but torchvision; returns its program."""
    venv.EnvBuilder(symlinks=True, with_pip=False).create(home)
    site = next((home / "lib").glob("python3*")) / "site-packages"
    for folder in dict.fromkeys(path for path in map(Path, sys.path) if any(path.glob("*.dist-info"))):
        for entry in folder.iterdir():
            is_wanted = not entry.name.startswith("torchvision") and entry.suffix != ".pth"
            if is_wanted and not (site / entry.name).is_symlink():
                (site / entry.name).symlink_to(entry)
    return home / "bin/python"


def make_model(folder):
    """A tiny LLaVA that mostly says yes or no."""
    from tests.distill.judges.golden_models import make_llava, make_processor
    from tests.distill.judges.test_any_vlm import INTERLEAVED
    from tests.distill.tiny_models import LLAVA_SPECIAL

    make_llava(folder, byte_pairs(LLAVA_SPECIAL), pad="<|endoftext|>")
    make_processor(folder, INTERLEAVED)
    model = transformers.LlavaForConditionalGeneration.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    tokens = AnswerTokens.of(spelled(tokenizer), PROMPT)
    model.lm_head.weight.data[list(tokens.yes + tokens.no)] *= 8
    model.save_pretrained(folder)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The server's address, and how it names its model."""
    home = tmp_path_factory.mktemp("serve")
    python = make_environment(home / "env")
    make_model(home / "tiny")
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [python, "-c", SERVE, "serve", home / "tiny", "--device", "cpu", "--host", "127.0.0.1", "--port", str(port)],
            env=environment | {"HF_HUB_OFFLINE": "1"}, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait(f"http://127.0.0.1:{port}/health", process, home / "log")
        yield f"http://127.0.0.1:{port}/v1", str(home / "tiny")
    finally:
        process.terminate()
        process.wait(30)


def wait(address, process, log):
    for _ in range(240):
        time.sleep(0.5)
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(address).is_success:
                return
        except httpx.TransportError:
            continue
    raise AssertionError(log.read_text())


def judge(served, monkeypatch, **changes):
    address, model = served
    monkeypatch.setenv("JUDGE_URL", address)
    section = HttpJudge(model=model, revision="1", address="JUDGE_URL", batch=2, **changes)
    return EndpointJudge("served", section, PROMPT, 3)


def test_thirty_questions_end_as_thirty_votes_or_abstentions_each_of_which_says_that_there_were_no_logprobs(
    served, monkeypatch
):
    answers = votes_of(judge(served, monkeypatch, logprobs="optional", prompt_check="skipped"), 30, seed=0)

    assert [f"pair/{number}" for number in range(30)] == answers["pair_id"].to_list()
    assert 30 == answers["reason"].str.contains(WITHOUT_SCORES, literal=True).sum()
    assert set(answers.filter(pl.col("vote").is_not_null())["p_yes"]) <= {0.0, 1.0}
    assert answers["vote"].count() > 0


def test_where_logprobs_are_required_the_server_is_refused_before_the_first_question(served, monkeypatch):
    with pytest.raises(ConfigError, match=r"gives no logprobs, .*set logprobs: optional"):
        votes_of(judge(served, monkeypatch, prompt_check="skipped"), 1, seed=0)


def test_a_server_that_does_not_show_its_prompt_is_refused_unless_params_say_that_a_person_looked(
    served, monkeypatch
):
    with pytest.raises(ConfigError, match=r"does not show the prompt .* set prompt_check: skipped"):
        votes_of(judge(served, monkeypatch, logprobs="optional"), 1, seed=0)
