"""Which engine runs."""

import pytest

from unirain_core.engine.local import LocalEngine
from unirain_core.engine.make import make_engine
from unirain_core.errors import ConfigError


@pytest.mark.parametrize("name", ["local", ""])
def test_the_engine_of_this_machine_is_the_default(monkeypatch, name):
    monkeypatch.setenv("UNIRAIN_ENGINE", name)

    assert isinstance(make_engine(), LocalEngine)


def test_an_unknown_engine_is_named_and_unset_the_variable_does_no_harm(monkeypatch):
    monkeypatch.setenv("UNIRAIN_ENGINE", "slurm")
    with pytest.raises(ConfigError, match=r"UNIRAIN_ENGINE: .*'slurm'.*unset it"):
        make_engine()
    monkeypatch.delenv("UNIRAIN_ENGINE")

    assert isinstance(make_engine(), LocalEngine)
