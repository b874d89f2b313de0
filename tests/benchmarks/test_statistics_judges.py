import pytest

from benchmarks.statistics_corpus import labelled, samples
from benchmarks.statistics_judges import FIT, TESTS, judged, retrieval
from unirain_core.config.sections import SampleCorpus
from unirain_core.distill.confusion import MAJORITY, confusions
from unirain_core.distill.encoders.fitted import fitted
from unirain_core.distill.judges.features import FAMILIES
from unirain_core.distill.judges.statistics import shipped

NEW = SampleCorpus(seed=15, pairs_per_type=32, planted_share=0.5, real_per_type=16)


def test_no_seed_is_fitted_and_tested_on():
    assert 1 + len(TESTS) + 1 == len({FIT.seed, NEW.seed, *(config.seed for config in TESTS)})


@pytest.mark.slow
def test_the_shipped_judges_tell_planted_from_good_rain_on_a_corpus_that_no_choice_has_seen():
    queries = labelled(list(samples(NEW)), fitted())
    outcomes = [judged(query, list(shipped().values())) for query in queries]
    majority = confusions(outcomes, FAMILIES)[MAJORITY]

    assert majority.kept / majority.good >= 0.8
    assert majority.caught / majority.planted >= 0.8
    assert min(retrieval(queries).values()) >= 0.75
