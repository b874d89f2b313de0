"""The stages, in the order in which a datum passes them."""

ORDER = (
    "sample_corpus",
    "raw_datasets",
    "verified_pairs",
    "real_rain_database",
    "query_triplets",
    "retrieved_references",
    "vlm_votes",
    "rainrag_split",
    "training_split",
    "named_benchmarks",
    "trained_checkpoint",
    "benchmark_scores",
    "baseline_scores",
    "benchmark_tables",
    "leakage_report",
    "gallery",
    "pictures",
    "judge_trust",
    "coverage",
    "curves",
)
