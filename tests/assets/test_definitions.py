import json
import re
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).parents[2]
TEXT = re.compile(r"selection=['\"][^,)]*|AssetSelection\.from_string")

PROGRAM = """
import json, sys
from unirain_assets.definitions import defs

graph = defs.resolve_asset_graph()
heavy = ("torch", "mlflow", "transformers", "accelerate", "qdrant_client", "dvc")
print(json.dumps({
    "loaded": sorted(set(heavy) & set(sys.modules)),
    "groups": {k.to_user_string(): graph.get(k).group_name for k in graph.get_all_asset_keys()},
    "jobs": {
        job.name: sorted(k.to_user_string() for k in defs.resolve_job_def(job.name).asset_layer.executable_asset_keys)
        for job in defs.jobs
    },
    "sensors": sorted(s.name for s in defs.sensors),
}))
"""


def loaded():
    command = [sys.executable, "-c", PROGRAM]
    ended = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=True)
    return json.loads(ended.stdout)


def test_definitions_show_every_stage_and_load_nothing_heavy():
    found = loaded()

    assert found["loaded"] == []
    assert found["groups"] == {
        "sample_corpus/demo": "corpus",
        "raw_datasets": "corpus",
        "verified_pairs": "corpus",
        "real_rain_database": "retrieval",
        "query_triplets": "retrieval",
        "retrieved_references": "retrieval",
        "vlm_votes": "judging",
        "rainrag_split": "judging",
        "named_benchmarks": "benchmark",
        "trained_checkpoint/reweighted": "training",
        "trained_checkpoint/uniform": "training",
        "trained_checkpoint/reweighted_1": "training",
        "trained_checkpoint/reweighted_2": "training",
        "trained_checkpoint/uniform_1": "training",
        "trained_checkpoint/uniform_2": "training",
        "benchmark_scores/reweighted": "benchmark",
        "benchmark_scores/uniform": "benchmark",
        "benchmark_scores/reweighted_1": "benchmark",
        "benchmark_scores/reweighted_2": "benchmark",
        "benchmark_scores/uniform_1": "benchmark",
        "benchmark_scores/uniform_2": "benchmark",
        "baseline_scores/input": "benchmark",
        "benchmark_tables": "benchmark",
        "leakage_report": "pages",
        "gallery": "pages",
        "pictures": "pages",
        "coverage": "pages",
        "curves": "pages",
        "judge_trust": "pages",
    }
    assert found["sensors"] == ["shell_runs"]


def test_each_job_brings_the_assets_of_its_phase_up_to_date():
    """A job over assets shows each of them at work; the phases share nothing, and leave only the pages out."""
    found = loaded()
    groups, jobs = found["groups"], found["jobs"]
    phases = {name: {groups[asset] for asset in assets} for name, assets in jobs.items()}
    together = sorted(jobs["distil"] + jobs["train"] + jobs["benchmark"])

    assert jobs["everything"] == sorted(groups)
    assert phases["distil"] == {"corpus", "retrieval", "judging"}
    assert phases["train"] == {"training"}
    assert phases["benchmark"] == {"benchmark"}
    assert together == sorted(asset for asset, group in groups.items() if group != "pages")


def test_no_selection_is_a_text_which_dagster_cannot_read_beside_dvc():
    """DVC's requirements pin a version of ANTLR with which Dagster's own parser of selections fails."""
    sources = {path: path.read_text(encoding="utf-8") for path in (REPO / "unirain_assets").glob("*.py")}
    texts = [f"{path.name}: {line}" for path, text in sources.items() for line in TEXT.findall(text)]

    assert [] == texts
