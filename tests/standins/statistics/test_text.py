import numpy as np

from unirain_core.standins.statistics.text import StatisticsTextEncoder, hashed, terms


def test_the_vector_is_the_signed_sum_of_the_weights():
    vector = hashed(["rain"], {"rain": 2.5})

    assert 2.5 == np.abs(vector).sum()
    assert 1 == np.count_nonzero(vector)


def test_vectors_of_disjoint_words_add():
    weights = {"rain": 2.0, "snow": 3.0}

    np.testing.assert_array_equal(
        hashed(["rain"], weights) + hashed(["snow"], weights), hashed(["snow", "rain"], weights)
    )


def test_punctuation_and_case_do_not_count():
    assert terms("A day; bright, misty") == terms("a day bright misty")


def test_another_rain_type_is_farther_than_another_hue():
    encoder = StatisticsTextEncoder()
    caption = "a night picture with heavy rain streaks, falling to the left; the scene is dim, mostly orange"
    changes = (("", ""), ("orange", "blue"), ("night", "day"))
    here, hue, day = encoder.encode([caption.replace(*change) for change in changes])

    assert 0 < np.linalg.norm(here - hue) < np.linalg.norm(here - day)


def test_a_word_stands_where_its_checksum_says_whatever_the_process():
    vector = hashed(["a"], {})  # CRC-32 e8b7be43: sign from the first bit, place from the last byte

    assert 1.0 == vector[0x43]
