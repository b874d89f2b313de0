"""Every path of the pipeline; the only file that spells data/ and reports/.

Templates are relative to the project's root; `{partition}` is the key of a foreach stage and always the last part.
"""

from pathlib import Path

PROMPT = "prompts/rain.yaml"
"""P of Eq. 4: written by a person, not by a stage."""

SAMPLE_CORPUS = "data/sample_corpus/{partition}"
RAW = "data/raw"
VERIFIED = "data/verified"
DATABASE = "data/database"
TRIPLETS = "data/triplets"
REFERENCES = "data/references"
VOTES = "data/votes"
SPLIT = "data/split"
CHECKPOINT = "data/checkpoints/{partition}"
BENCHMARK_SCORES = "data/scores/benchmark/{partition}"
BASELINE_SCORES = "data/scores/baseline/{partition}"
TABLES = "data/tables"
LEAKAGE = "data/pages/leakage"
GALLERY = "data/pages/gallery"
PICTURES = "data/pages/pictures"

_SHARED_SCHEMAS = {
    RAW: "raw_datasets",
    VERIFIED: "verified_pairs",
    DATABASE: "real_rain_database",
    TRIPLETS: "query_triplets",
    VOTES: "vlm_votes",
    "data/scores/benchmark": "benchmark_scores",
    "data/scores/baseline": "baseline_scores",
}
"""Folder to its stage, for tables of a schema that several stages write."""


def producer(path: Path, stages: str) -> str:
    """Which of a schema's producers writes a file, for a message; all of them where its place does not say.

    >>> producer(Path("x/data/triplets/triplets.parquet"), "real_rain_database, query_triplets")
    'query_triplets'
    """
    place = f"/{path.as_posix()}"
    for folder, stage in _SHARED_SCHEMAS.items():
        if f"/{folder}/" in place and stage in stages.split(", "):
            return stage
    return stages


def report(stage: str, *, partitioned: bool = False) -> str:
    """Path of a stage's report.

    >>> report("trained_checkpoint", partitioned=True)
    'reports/trained_checkpoint/{partition}.json'
    """
    return f"reports/{stage}/{{partition}}.json" if partitioned else f"reports/{stage}.json"


def common(template: str) -> str:
    """Folder that holds all partitions of a template.

    >>> common(CHECKPOINT)
    'data/checkpoints'
    """
    return template.removesuffix("/{partition}")
