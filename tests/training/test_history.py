import math

import numpy as np

from unirain_core.config.sections import RainType
from unirain_core.reweight.reweighter import MultiObjectiveReweighter
from unirain_core.training.history import Losses, history_rows, named_metrics
from unirain_core.training.validation import Measured

TYPES = (RainType("a"), RainType("b"))
SCORES = MultiObjectiveReweighter(2).scores()
LOSSES = Losses(train=[0.5, math.nan], val=[0.25, 0.75])
MEASURED = Measured([20.0, 30.0], [0.5, 0.7], {})


def test_a_row_says_only_what_is_known():
    update = history_rows(5, TYPES, lr=0.1, scores=SCORES, losses=LOSSES, measured=None)
    look = history_rows(6, TYPES, lr=0.1, scores=SCORES, losses=None, measured=MEASURED)

    assert [(row.train_loss, row.val_loss) for row in update] == [(0.5, 0.25), (None, 0.75)]
    assert [row.slope for row in update] == [None, None]
    assert [row.psnr for row in update] == [None, None]
    assert [(r.train_loss, r.af, r.weight, r.psnr) for r in look] == [
        (None, None, 0.5, 20.0),
        (None, None, 0.5, 30.0),
    ]


def test_metrics_are_named_by_quantity_and_type_and_are_finite():
    rows = history_rows(5, TYPES, lr=0.1, scores=SCORES, losses=LOSSES, measured=MEASURED)
    metrics = named_metrics(rows)

    assert {"weight/a", "weight/b", "tbs/a", "tss/b", "af", "lr", "val/psnr/b"} <= set(metrics)
    assert {name for name in metrics if "loss" in name} == {"train/loss/a", "val/loss/a", "val/loss/b"}
    assert metrics["val/psnr/mean"] == 25.0
    assert np.isfinite(list(metrics.values())).all()


def test_the_reweighter_sees_the_losses_of_val_where_it_looks_at_them():
    assert LOSSES.seen == LOSSES.val
    assert Losses(train=[0.5], val=None).seen == [0.5]
