"""How much planted rain the statistics judges catch when their fit has not seen its kind.

    python -m benchmarks.statistics_unknown_kinds    one fit for each kind, without it (20 minutes)

Pictures, seeds and encoders are those of `benchmarks.statistics_judges`; the shipped weights stay as they are.
"""

from benchmarks.statistics_corpus import labelled, photos, samples
from benchmarks.statistics_fit import fit_judge
from benchmarks.statistics_judges import FITS, TESTS, judged
from unirain_core.distill.confusion import Outcome
from unirain_core.standins.statistics.features import FAMILIES
from unirain_core.standins.statistics.fitted import fitted
from unirain_core.standins.statistics.judges import from_json

SHARES = (None, 0.9)
"""Values of `vlm_votes.accept_share`; None: the fitted thresholds."""


def main() -> None:
    """Fit without each kind in turn, and print what the majority catches of it."""
    fit = fitted()
    corpora, tests = ([list(samples(config)) for config in configs] for configs in (FITS, TESTS))
    queries = [query for corpus in corpora for query in labelled(corpus, fit)]
    database = [query for corpus in corpora for query in photos(corpus, fit)]
    measured = [(labelled(corpus, fit), photos(corpus, fit)) for corpus in tests]
    print("planted kind      caught: " + ", ".join(_title(share) for share in SHARES))
    for kind in sorted({query.sample.kind for query in queries} - {""}):
        others = [query for query in queries if query.sample.kind != kind]
        judges = [from_json(family, fit_judge(family, others, database)) for family in FAMILIES]
        figures = []
        for share in SHARES:
            planted: list[Outcome] = []
            for test_queries, test_photos in measured:
                outcomes = judged(test_queries, test_photos, judges, share)
                planted += [outcome for outcome in outcomes if outcome.kind == kind]
            n_caught = sum(not outcome.verdict for outcome in planted)
            figures.append(f"{n_caught:3} of {len(planted):2}")
        print(f"{kind:16}  {', '.join(figures)}", flush=True)


def _title(share: float | None) -> str:
    return "at the fitted thresholds" if share is None else f"accept_share {share}"


if __name__ == "__main__":
    main()
