import pytest

from benchmarks.statistics_corpus import labelled, photos, samples
from benchmarks.statistics_judges import FITS, TESTS, judged, retrieval
from unirain_core.config.sections import SampleCorpus
from unirain_core.distill.confusion import MAJORITY, confusions
from unirain_core.standins.statistics.features import FAMILIES
from unirain_core.standins.statistics.fitted import fitted
from unirain_core.standins.statistics.judges import shipped

NEW = SampleCorpus(seed=15, pairs_per_type=32, planted_share=0.5, real_per_type=16)


def test_no_seed_is_fitted_and_tested_on():
    assert len(FITS) + len(TESTS) + 1 == len({config.seed for config in (*FITS, *TESTS, NEW)})


@pytest.fixture(scope="module")
def asked():
    """Pictures and photos of a corpus with their references."""
    corpus = list(samples(NEW))
    return labelled(corpus, fitted()), photos(corpus, fitted())


@pytest.mark.slow
@pytest.mark.parametrize("share", [None, 0.9])
def test_the_shipped_judges_tell_planted_from_good_rain_on_a_corpus_that_no_choice_has_seen(asked, share):
    queries, database = asked
    outcomes = judged(queries, database, list(shipped().values()), share)
    majority = confusions(outcomes, FAMILIES)[MAJORITY]

    assert majority.kept / majority.good >= 0.8
    assert majority.caught / majority.planted >= 0.8
    assert min(retrieval(queries).values()) >= 0.75
