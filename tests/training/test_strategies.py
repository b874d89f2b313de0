import numpy as np
import torch

from unirain_core.training.strategies import LossMeter, pixel_loss, weighted_loss


def test_pixel_losses_are_of_each_crop():
    clean = torch.zeros(2, 3, 2, 2)
    restored = torch.stack(
        [torch.full((3, 2, 2), 0.5), torch.tensor([1.0, 0, 0]).view(3, 1, 1).expand(3, 2, 2)]
    )

    torch.testing.assert_close(pixel_loss(restored, clean, "l1"), torch.tensor([0.5, 1 / 3]))
    torch.testing.assert_close(pixel_loss(restored, clean, "rmse"), torch.tensor([0.5, (1 / 3) ** 0.5]))


def test_a_perfect_crop_has_a_finite_gradient():
    restored = torch.zeros(1, 3, 2, 2, requires_grad=True)
    pixel_loss(restored, torch.zeros(1, 3, 2, 2), "rmse").sum().backward()

    assert restored.grad is not None
    assert restored.grad.abs().max() == 0.0


def test_equal_weights_give_the_plain_mean():
    losses = torch.tensor([1.0, 2.0, 6.0])

    torch.testing.assert_close(
        weighted_loss(losses, torch.tensor([0, 1, 1]), torch.full((4,), 0.25)), losses.mean()
    )


def test_with_stratified_batches_the_loss_is_the_weighted_sum_of_the_types_means():
    losses, types = torch.tensor([1.0, 3.0, 5.0, 7.0]), torch.tensor([0, 0, 1, 1])
    weights = torch.tensor([0.9, 0.1])

    torch.testing.assert_close(weighted_loss(losses, types, weights), torch.tensor(0.9 * 2.0 + 0.1 * 6.0))


def test_the_meter_has_the_means_of_its_interval_and_nan_for_an_absent_type():
    meter = LossMeter(3, torch.device("cpu"))
    meter.add(torch.tensor([1.0, 2.0]), torch.tensor([0, 1])).add(torch.tensor([3.0]), torch.tensor([0]))

    np.testing.assert_equal(meter.means(), [2.0, 2.0, np.nan])
    meter.reset()
    np.testing.assert_equal(meter.means(), [np.nan] * 3)


def test_the_meter_adds_up_over_processes():
    meter = LossMeter(2, torch.device("cpu")).add(torch.tensor([1.0]), torch.tensor([0]))
    other = torch.tensor([[5.0, 8.0], [1.0, 2.0]], dtype=torch.float64)

    assert meter.means(lambda mine: mine + other) == [3.0, 4.0]
