"""Every path of the pipeline; the only file that spells data/ and reports/.

Templates are relative to the project's root; `{partition}` is the key of a foreach stage and always the last part.
"""

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
