"""The same chain by `dvc repro` in processes of its own, and what DVC calls stale when a model is swapped."""

import json
import shutil
import sys

import pytest

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
pytest.importorskip("transformers")
pytest.importorskip("open_clip")
pytest.importorskip("sentencepiece")
from benchmarks.tiny_project import run, tiny_project  # noqa: E402
from tests.end_to_end.conftest import copy_of  # noqa: E402
from tests.end_to_end.tiny_chain import JUDGES, N_PAIRS, edit, make_models, make_project  # noqa: E402
from unirain_core.artefacts import tables  # noqa: E402
from unirain_core.artefacts.schemas import Verdict, Vote  # noqa: E402

DVC = (sys.executable, "-m", "dvc")
ALWAYS = "raw_datasets"
"""It lists files in every run."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    home = tmp_path_factory.mktemp("models")
    make_models(home)
    return {
        "PYTHONPATH": ".", "UNIRAIN_MODELS": str(home), "UNIRAIN_WORKERS": "1", "HF_HUB_OFFLINE": "1",
    }  # fmt: skip


@pytest.fixture(scope="module")
def chain(settings, tmp_path_factory):
    """A DVC project with tiny models in which the stages up to the split have run, and what it said."""
    root = tiny_project(tmp_path_factory.mktemp("chain") / "project")
    make_project(root)
    answer = run(root, *DVC, "repro", "rainrag_split", env=settings)
    return root, answer.stdout + answer.stderr


@pytest.fixture
def project(chain, tmp_path):
    return copy_of(chain[0], tmp_path)


def stale(project, settings):
    """The stages that DVC would run again by themselves; those after them follow what these write."""
    answer = run(project, *DVC, "status", "--json", "--with-deps", "rainrag_split", env=settings)
    return set(json.loads(answer.stdout)) - {ALWAYS}


@pytest.mark.slow
def test_dvc_runs_the_whole_chain_on_models_and_says_memory_and_hours(chain, settings):
    root, said = chain
    votes = tables.read(root / "data/votes/votes.parquet", Vote)

    assert set(JUDGES) == {vote.judge for vote in votes}
    assert N_PAIRS == len(tables.read(root / "data/votes/verdicts.parquet", Verdict))
    for name in ("captioner", *JUDGES):
        assert f"{name}: " in said
    assert 3 == said.count("which is an assumption")
    assert set() == stale(root, settings)


def swap(section, key, value):
    def change(params):
        params[section][key] = value

    return change


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (swap("vlm_votes", "judges", ["mobilevlm", "internvl2", "llava"]), {"vlm_votes"}),
        (swap("vlm_votes", "early_stop", False), {"vlm_votes"}),
        (swap("encoders", "captioner", "blip2"), {"real_rain_database", "query_triplets"}),
        (swap("encoders", "image_encoder", "clip2"), {"real_rain_database", "query_triplets"}),
        (swap("query_captions", "phrases", 4), {"query_triplets"}),
    ],
    ids=["judge", "early stop", "captioner", "image encoder", "query captions"],
)
def test_a_swapped_model_makes_exactly_its_own_stages_stale(change, expected, project, settings):
    edit(project, change)

    assert expected == stale(project, settings)


@pytest.mark.slow
def test_the_prompt_makes_the_votes_stale_and_a_page_of_the_docs_nothing(project, settings):
    (project / "docs").mkdir()
    (project / "docs/notes.md").write_text("a word")
    (project / "README.md").write_text("a word")
    assert set() == stale(project, settings)
    file = project / "prompts/rain.yaml"
    file.write_text(file.read_text().replace("Look at the rain", "Look at the drops"))

    assert {"vlm_votes"} == stale(project, settings)


@pytest.mark.slow
def test_a_machine_without_the_weights_is_told_which_by_dvc(project, settings, tmp_path):
    shutil.rmtree(project / ".unirain")
    edit(project, swap("encoders", "captioner", "blip2"))
    lacking = {**settings, "UNIRAIN_MODELS": str(tmp_path), "HF_HUB_CACHE": str(tmp_path / "cache")}
    answer = run(project, *DVC, "repro", "vlm_votes", env=lacking, check=False)
    said = " ".join((answer.stdout + answer.stderr).split())

    assert answer.returncode != 0
    for name in ("blip2", "clip", "qwen", "mobilevlm", "internvl/authors", "llava"):
        assert f"weights {name} (revision 1) are not on this machine; run `hf download {name}" in said
