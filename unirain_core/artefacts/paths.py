"""Every path of the pipeline; the only file that spells data/ and reports/.

Templates are relative to the project's root; `{partition}` is the key of a foreach stage: the last part, or the stem of a file.
"""

from pathlib import Path

PROMPT = "prompts/rain.yaml"
"""P of Eq. 4: written by a person, not by a stage."""
PARAPHRASES = "prompts/rain.paraphrases.yaml"
"""Other words for the same question; the audit of the judges asks with them."""
LABELS = "labels"
"""CSV files of people's labels, likewise; `unirain review` writes them."""

SAMPLE_CORPUS = "data/sample_corpus/{partition}"
RAW = "data/raw"
VERIFIED = "data/verified"
DATABASE = "data/database"
TRIPLETS = "data/triplets"
REFERENCES = "data/references"
VOTES = "data/votes"
SPLIT = "data/split"
PYRAMID = f"{SPLIT}/pyramid.parquet"
COMPOSITION = f"{SPLIT}/composition.csv"
VAL = f"{SPLIT}/val.parquet"
TEST = f"{SPLIT}/test.parquet"
UNFILTERED = f"{SPLIT}/unfiltered.parquet"
TRAINING_SPLIT = f"{SPLIT}/train/{{partition}}.parquet"
"""Each split is a file of its own, so that a training depends on its pairs and on no others."""
DISTILLED = "rainrag"
"""Name of the training split that stage rainrag_split writes."""
BENCHMARKS = "data/benchmarks"
CHECKPOINT = "data/checkpoints/{partition}"
BENCHMARK_SCORES = "data/scores/benchmark/{partition}"
BASELINE_SCORES = "data/scores/baseline/{partition}"
TABLES = "data/tables"
METRICS = f"{TABLES}/metrics"
"""One small JSON for each method: the rows of `dvc metrics show`."""
LEAKAGE = "data/pages/leakage"
GALLERY = "data/pages/gallery"
PICTURES = "data/pages/pictures"
TRUST = "data/pages/trust"
COVERAGE = "data/pages/coverage"
CURVES = "data/pages/curves"
"""CSV files that `dvc plots show` draws."""


def common(template: str) -> str:
    """Folder that holds all partitions of a template.

    >>> common(CHECKPOINT), common(TRAINING_SPLIT)
    ('data/checkpoints', 'data/split/train')
    """
    return template.partition("/{partition}")[0]


_SHARED_SCHEMAS = {
    TRAINING_SPLIT.format(partition=DISTILLED): "rainrag_split",
    common(TRAINING_SPLIT): "training_split",
    BENCHMARKS: "named_benchmarks",
    SPLIT: "rainrag_split",
    RAW: "raw_datasets",
    VERIFIED: "verified_pairs",
    DATABASE: "real_rain_database",
    TRIPLETS: "query_triplets",
    VOTES: "vlm_votes",
    "data/scores/benchmark": "benchmark_scores",
    "data/scores/baseline": "baseline_scores",
}
"""Folder or file to its stage, for tables of a schema that several stages write; the narrower place stands first."""


def producer(path: Path, stages: str) -> str:
    """Which of a schema's producers writes a file, for a message; all of them where its place does not say.

    >>> producer(Path("x/data/triplets/triplets.parquet"), "real_rain_database, query_triplets")
    'query_triplets'
    """
    place = f"/{path.as_posix()}/"
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
