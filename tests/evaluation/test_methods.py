"""What restores is what was hashed."""

import numpy as np
import pytest

from unirain_core.config.sections import Network
from unirain_core.errors import ChangedInputError
from unirain_core.evaluation import methods
from unirain_core.evaluation.methods import Checkpoint
from unirain_core.model import checkpoint
from unirain_core.model.architecture import build

CONFIG = Network(dim=8, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=2.0)


def save(folder, seed, **extra):
    checkpoint.save(folder, build(CONFIG, seed=seed), CONFIG, extra)


def test_a_checkpoint_that_was_replaced_since_it_was_hashed_restores_nothing(tmp_path):
    save(tmp_path, seed=1)
    method = Checkpoint.of(tmp_path)
    methods._loaded.cache_clear()
    save(tmp_path, seed=2)

    with pytest.raises(ChangedInputError, match="run the same command again"):
        method.restore(np.zeros((8, 8, 3), dtype=np.uint8))


def test_the_key_follows_weights_and_configuration(tmp_path):
    save(tmp_path / "a", seed=1)
    save(tmp_path / "b", seed=1)
    save(tmp_path / "c", seed=2)
    keys = [Checkpoint.of(tmp_path / name).key for name in "abc"]

    assert keys[0] == keys[1] != keys[2]
