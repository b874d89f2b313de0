"""A sentence for every reason, for a person: pages and commands show it, no result depends on it."""

MEANINGS: dict[str, str] = {
    "orphan": "the rainy picture has no clean partner where the layout says that it stands",
    "orphan_clean": "no rainy picture belongs to this clean one",
    "ambiguous_partner": "two clean pictures have the name that the partner should have: keep one of them",
    "unreadable_name": "its name is not UTF-8 or holds a control character such as a line break: rename it",
    "outside_root": "it, or its clean partner, is reached by a link out of the dataset's root: allow that folder",
    "linked_twice": "the link leads to a folder that is listed already, by another way",
    "type_not_listed": "its rain type is not in rain_types",
    "mixture_excluded": "it shows streaks and drops, and mixture_policy excludes mixtures",
    "split_unknown": "the layout does not say whether it is for training or testing, and params does not either",
    "git_lfs_pointer": "a git-lfs pointer stands where the picture should be: run `git lfs pull`",
    "unreadable": "the file is no picture that can be read",
    "truncated": "the file ends before the picture does",
    "damaged": "the file's bytes contradict each other: it was damaged on a disk or on its way",
    "format_not_supported": "the file is a picture of a format that is not read: convert it to PNG",
    "too_small": "a side is below verified_pairs.min_side",
    "too_large": "the picture has more pixels than verified_pairs.max_pixels, or a side or file beyond all use",
    "out_of_memory": "it does not fit into the memory of this machine",
    "crashed": "the work on it ended with an error of the program: the log shows it",
    "size_mismatch": "rainy and clean picture differ in size",
    "identical_pair": "rainy and clean picture are the same: there is no rain to remove",
    "wrong_clean": "the clean picture shows another scene",
    "misaligned": "the clean picture is shifted against the rainy one",
    "duplicate": "the same pair stands in the pool already",
    "leaks_into_benchmark": "the clean picture also stands in a benchmark's test set",
}
"""Reason to its meaning; a test demands one for each name of artefacts.reasons."""
