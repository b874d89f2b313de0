import logging

import pytest
import torch

from unirain_core.training.news import News
from unirain_core.training.strategies import LossMeter


@pytest.fixture
def meter():
    """Two types with losses 0.1 and 0.3, and one that is absent."""
    return LossMeter(3, torch.device("cpu")).add(torch.tensor([0.1, 0.3]), torch.tensor([0, 1]))


def told(caplog, meter, seconds, first=0):
    now = [0.0]
    news = News(600, first, clock=lambda: now[0])
    with caplog.at_level(logging.INFO):
        for step, (second, psnr) in seconds.items():
            now[0] = second
            news.tell(step, meter)
            if psnr is not None:
                news.measured(step, psnr)
    return caplog.messages


def test_a_line_says_share_time_left_loss_and_quality(caplog, meter):
    lines = told(caplog, meter, {100: (20.0, 24.126), 150: (60.0, None)})

    assert lines == [
        "training: 16 % (100 of 600 steps), about 100 s left, training loss 0.2000",
        "training: 25 % (150 of 600 steps), about 3 min left, training loss 0.2000, "
        "validation PSNR 24.13 dB at step 100",
    ]


def test_a_training_that_goes_on_is_timed_from_where_it_goes_on(caplog, meter):
    """Steps 401 to 500 took 50 seconds, so the last 100 take as long."""
    assert told(caplog, meter, {500: (50.0, None)}, first=400) == [
        "training: 83 % (500 of 600 steps), about 50 s left, training loss 0.2000"
    ]


def test_no_line_follows_another_within_ten_seconds(caplog, meter):
    assert 2 == len(told(caplog, meter, {1: (5.0, None), 2: (10.1, None), 3: (20.0, None), 4: (20.2, None)}))
