"""Fit the statistics encoders and judges on rendered corpora, or test the shipped fit on others.

    python -m benchmarks.statistics_judges          table on three seeds that the fit has not seen (4 minutes)
    python -m benchmarks.statistics_judges --photos DIR     the same over photographs that the fit has not seen
    python -m benchmarks.statistics_judges --fit    fit anew, test, and write encoders.json and judges.json (15 minutes)

Without --photos the photographs under the rain are the same for all seeds; crops, grading, lamps and rain differ. A
table is printed for the fitted thresholds, and one for each `accept_share`: thresholds that follow the database.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import polars as pl

from benchmarks.statistics_corpus import Query, labelled, photos, samples
from benchmarks.statistics_fit import fit_encoders, fit_judge
from unirain_core.config.sections import SampleCorpus
from unirain_core.distill.calibration import threshold
from unirain_core.distill.confusion import Outcome, confusions, lines
from unirain_core.distill.judging import HALF
from unirain_core.standins.rain.photos import SHIPPED, photos_of
from unirain_core.standins.statistics import fitted
from unirain_core.standins.statistics.features import FAMILIES
from unirain_core.standins.statistics.frame import FEATURE_VERSION
from unirain_core.standins.statistics.judges import FILE, StatisticsJudge, from_json, shipped

FOLDER = Path(fitted.__file__).resolve().parent
"""Of the two fitted files."""

FITS = tuple(
    SampleCorpus(seed=seed, pairs_per_type=120, planted_share=0.5, real_per_type=20)
    for seed in (101, 102, 103)
)
TESTS = tuple(
    SampleCorpus(seed=seed, pairs_per_type=32, planted_share=0.5, real_per_type=16) for seed in (12, 13, 14)
)
SHARES = (None, 0.85, 0.9, 0.95)
"""Values of `vlm_votes.accept_share`; None: the fitted thresholds."""


def main() -> None:
    """Parse, fit if asked to, test, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--fit", action="store_true", help="fit anew and write the package's encoders.json and judges.json"
    )
    parser.add_argument("--photos", type=Path, help="folder of photographs to rain on in the tests")
    arguments = parser.parse_args()
    fit_anew = arguments.fit
    over = photos_of(arguments.photos) if arguments.photos else SHIPPED
    tests = [list(samples(config, over)) for config in TESTS]
    if fit_anew:
        corpora = [list(samples(config)) for config in FITS]
        encoders = {**_header(), **fit_encoders([sample for corpus in corpora for sample in corpus])}
        fit = fitted.parse(json.dumps(encoders))
        queries = [query for corpus in corpora for query in labelled(corpus, fit)]
        database = [query for corpus in corpora for query in photos(corpus, fit)]
        weights = {family: fit_judge(family, queries, database) for family in FAMILIES}
        judges = [from_json(family, weights[family]) for family in FAMILIES]
    else:
        fit, judges = fitted.fitted(), list(shipped().values())
    outcomes: dict[float | None, list[Outcome]] = {share: [] for share in SHARES}
    test_queries: list[Query] = []
    for corpus in tests:
        asked, photographed = labelled(corpus, fit), photos(corpus, fit)
        test_queries += asked
        for share in SHARES:
            outcomes[share] += judged(asked, photographed, judges, share)
    same_type = retrieval(test_queries)
    if fit_anew:
        _write(FOLDER / fitted.FILE, {**encoders, "figures": same_type})
        figures: list[dict[str, object]] = []
        for share, of_share in outcomes.items():
            for name, confusion in confusions(of_share, FAMILIES).items():
                figures.append({"accept_share": share, "judge": name, **asdict(confusion)})
        _write(FOLDER / FILE, {**_header(), "figures": figures, "judges": weights})
    for share, of_share in outcomes.items():
        print(f"\n== {'fitted thresholds' if share is None else f'accept_share: {share}'}")
        print("\n".join(lines(of_share, FAMILIES)))
    print(f"\nreferences of the same rain type (good pictures): {same_type}")


def _header() -> dict[str, object]:
    return {
        "feature_version": FEATURE_VERSION,
        "fit_seeds": [config.seed for config in FITS],
        "test_seeds": [config.seed for config in TESTS],
    }


def _write(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def judged(
    queries: Sequence[Query],
    database: Sequence[Query],
    judges: Sequence[StatisticsJudge],
    share: float | None,
) -> list[Outcome]:
    """Ask all judges about the measured pictures of a corpus; with a share, at thresholds of its database."""
    votes_of_judges: list[list[bool]] = []
    for judge in judges:
        least = HALF
        if share is not None:
            least = threshold(pl.Series([p_yes(photo, judge) for photo in database]), share)
        votes_of_judges.append([p_yes(query, judge) >= least for query in queries])
    outcomes: list[Outcome] = []
    for query, *votes in zip(queries, *votes_of_judges, strict=True):
        outcomes.append(Outcome(query.sample.rain_type, query.sample.kind, tuple(votes)))
    return outcomes


def p_yes(query: Query, judge: StatisticsJudge) -> float:
    """A judge's probability of a yes, from a measured picture and its measured references."""
    theirs = [r.features.of(judge.family) for r in query.references]
    return judge.respond(judge.weights.deviations(query.sample.features.of(judge.family), theirs)).p_yes


def retrieval(queries: Sequence[Query]) -> dict[str, float]:
    """Share of the good pictures' references that show the same rain type."""
    shares: dict[str, float] = {}
    for rain_type in dict.fromkeys(q.sample.rain_type for q in queries):
        own = [q for q in queries if q.sample.good and q.sample.rain_type == rain_type]
        same = sum(r.rain_type == rain_type for q in own for r in q.references)
        shares[rain_type] = round(same / sum(len(q.references) for q in own), 3)
    return shares


if __name__ == "__main__":
    main()
