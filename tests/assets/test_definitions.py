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
    "targets": sorted(k.to_user_string() for k in defs.resolve_job_def("everything").asset_layer.executable_asset_keys),
    "jobs": sorted(j.name for j in defs.jobs),
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
        "benchmark_scores/reweighted": "benchmark",
        "benchmark_scores/uniform": "benchmark",
        "baseline_scores/input": "benchmark",
        "benchmark_tables": "benchmark",
        "leakage_report": "pages",
        "gallery": "pages",
        "pictures": "pages",
        "coverage": "pages",
        "curves": "pages",
        "judge_trust": "pages",
    }
    assert found["targets"] == sorted(found["groups"])
    assert (found["jobs"], found["sensors"]) == (["everything"], ["shell_runs"])


def test_no_selection_is_a_text_which_dagster_cannot_read_beside_dvc():
    """DVC's requirements pin a version of ANTLR with which Dagster's own parser of selections fails."""
    sources = {path: path.read_text(encoding="utf-8") for path in (REPO / "unirain_assets").glob("*.py")}
    texts = [f"{path.name}: {line}" for path, text in sources.items() for line in TEXT.findall(text)]

    assert [] == texts
