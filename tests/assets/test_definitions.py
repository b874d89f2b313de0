import json
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).parents[2]

PROGRAM = """
import json, sys
from unirain_assets.definitions import defs

graph = defs.resolve_asset_graph()
heavy = ("torch", "mlflow", "transformers", "accelerate", "qdrant_client", "dvc")
print(json.dumps({
    "loaded": sorted(set(heavy) & set(sys.modules)),
    "groups": {k.to_user_string(): graph.get(k).group_name for k in graph.get_all_asset_keys()},
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
        "sample_corpus": "corpus",
        "raw_datasets": "corpus",
        "verified_pairs": "corpus",
        "real_rain_database": "retrieval",
        "query_triplets": "retrieval",
        "retrieved_references": "retrieval",
        "vlm_votes": "judging",
        "rainrag_split": "judging",
        "trained_checkpoint": "training",
        "benchmark_scores": "benchmark",
        "baseline_scores": "benchmark",
        "benchmark_tables": "benchmark",
    }
    assert (found["jobs"], found["sensors"]) == (["everything"], ["shell_runs"])
