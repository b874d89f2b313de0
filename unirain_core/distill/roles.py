"""The roles of pairs that their dataset keeps for testing."""

import polars as pl

BENCHMARK = "benchmark"
"""Such pairs are verified, so that copies of them leave training, and they are scored. They are neither judged nor drawn."""

FOR_TESTING = ("test", BENCHMARK)
"""Copies of such pairs never train, and no training or validation pair stands in their scenes."""

IS_JUDGED = pl.col("role") != BENCHMARK
"""Of verified pairs: whether encoders and judges are asked about them."""
