"""Fit the statistics encoders and judges on one rendered corpus, or test the shipped fit on others.

    python -m benchmarks.statistics_judges          table on three seeds that the fit has not seen (4 minutes)
    python -m benchmarks.statistics_judges --photos DIR     the same over photographs that the fit has not seen
    python -m benchmarks.statistics_judges --fit    fit anew, test, and write the two statistics.json (8 minutes)

Without --photos the photographs under the rain are the same for all seeds; crops, grading, lamps and rain differ.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.statistics_corpus import Query, labelled, photos, samples
from benchmarks.statistics_fit import fit_encoders, fit_judge
from unirain_core.config.sections import SampleCorpus
from unirain_core.distill.confusion import Outcome, confusions, lines
from unirain_core.distill.encoders import fitted
from unirain_core.distill.judges import statistics
from unirain_core.distill.judges.features import FAMILIES
from unirain_core.distill.judges.statistics import StatisticsJudge
from unirain_core.distill.statistics.frame import FEATURE_VERSION
from unirain_core.sources.sample_corpus.photos import SHIPPED, photos_of

DISTILL = Path(__file__).resolve().parent.parent / "unirain_core" / "distill"

FIT = SampleCorpus(seed=101, pairs_per_type=120, planted_share=0.5, real_per_type=20)
TESTS = tuple(
    SampleCorpus(seed=seed, pairs_per_type=32, planted_share=0.5, real_per_type=16) for seed in (12, 13, 14)
)


def main() -> None:
    """Parse, fit if asked to, test, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fit", action="store_true", help="fit anew and write the package's statistics.json")
    parser.add_argument("--photos", type=Path, help="folder of photographs to rain on in the tests")
    arguments = parser.parse_args()
    fit_anew = arguments.fit
    over = photos_of(arguments.photos) if arguments.photos else SHIPPED
    tests = [list(samples(config, over)) for config in TESTS]
    if fit_anew:
        corpus = list(samples(FIT))
        encoders = {**_header(), **fit_encoders(corpus)}
        fit = fitted.parse(json.dumps(encoders))
        queries, database = labelled(corpus, fit), photos(corpus, fit)
        weights = {family: fit_judge(family, queries, database) for family in FAMILIES}
        judges = [statistics.from_json(family, weights[family]) for family in FAMILIES]
    else:
        fit, judges = fitted.fitted(), list(statistics.shipped().values())
    asked = [query for corpus in tests for query in labelled(corpus, fit)]
    outcomes = [judged(query, judges) for query in asked]
    if fit_anew:
        _write(DISTILL / "encoders" / fitted.FILE, {**encoders, "figures": retrieval(asked)})
        figures = {name: asdict(c) for name, c in confusions(outcomes, FAMILIES).items()}
        _write(DISTILL / "judges" / statistics.FILE, {**_header(), "figures": figures, "judges": weights})
    print("\n".join(lines(outcomes, FAMILIES)))
    print(f"\nreferences of the same rain type (good pictures): {retrieval(asked)}")


def _header() -> dict[str, object]:
    return {
        "feature_version": FEATURE_VERSION,
        "fit_seed": FIT.seed,
        "test_seeds": [config.seed for config in TESTS],
    }


def _write(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def judged(query: Query, judges: Sequence[StatisticsJudge]) -> Outcome:
    """Ask all judges about one measured picture."""
    votes = []
    for judge in judges:
        theirs = [r.features.of(judge.family) for r in query.references]
        deviations = judge.weights.deviations(query.sample.features.of(judge.family), theirs)
        votes.append(judge.respond(deviations).p_yes >= 0.5)
    return Outcome(query.sample.rain_type, query.sample.kind, tuple(votes))


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
