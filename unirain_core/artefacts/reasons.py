"""The closed list of reasons for which a row leaves the pipeline; what each means stands in `meanings`."""

REASONS = frozenset(
    {
        "orphan",
        "orphan_clean",
        "ambiguous_partner",
        "unreadable_name",
        "outside_root",
        "linked_twice",
        "type_not_listed",
        "mixture_excluded",
        "split_unknown",
        "beyond_quota",
        "git_lfs_pointer",
        "unreadable",
        "truncated",
        "damaged",
        "format_not_supported",
        "too_small",
        "too_large",
        "out_of_memory",
        "crashed",
        "unanswered",
        "size_mismatch",
        "identical_pair",
        "wrong_clean",
        "misaligned",
        "duplicate",
        "leaks_into_benchmark",
        "benchmark_only",
    }
)
"""Names alone, so that no stage depends on a sentence. Verdicts are no reasons: a rejected pair stays in the pyramid."""
