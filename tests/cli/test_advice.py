"""The catalogue's advice is added where an error is shown."""

import pickle

import pytest

from unirain_core.cli import advice
from unirain_core.errors import ConfigError, EmptyTypeError
from unirain_core.sources import catalogue


def test_an_empty_rain_type_is_answered_with_the_smallest_download():
    said = advice.message(EmptyTypeError("no pair of nrd", ["nrd"]))

    assert said.startswith("no pair of nrd. Data for it: nrd: the smallest useful download is hq-nightrain")


def test_two_empty_rain_types_are_each_answered():
    said = advice.message(EmptyTypeError("no pair", ["drs", "nrd"]))

    for rain_type in ("drs", "nrd"):
        assert catalogue.load().advice(rain_type) in said


def test_another_error_is_shown_as_it_is():
    assert "x: unexpected" == advice.message(ConfigError("x: unexpected"))


def test_an_empty_type_travels_between_processes():
    copy = pickle.loads(pickle.dumps(EmptyTypeError("no pair of nrd", ["nrd"])))

    with pytest.raises(EmptyTypeError, match=r"^no pair of nrd$"):
        raise copy
    assert ("nrd",) == copy.rain_types
