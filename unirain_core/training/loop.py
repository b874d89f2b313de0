"""The training loop: batches in, a finished network and its history out."""

import logging
import math
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor

from unirain_core.errors import ConfigError
from unirain_core.model.restorer import Restorer
from unirain_core.reweight.reweighter import MultiObjectiveReweighter
from unirain_core.tracking.journal import Journal
from unirain_core.training import resume
from unirain_core.training.experts import expert_usage, routing_noise
from unirain_core.training.history import Losses
from unirain_core.training.news import News
from unirain_core.training.pairs import MEMORY_BUDGET, Pictures
from unirain_core.training.record import Record
from unirain_core.training.sampling import Batch, Sampler, batches, step_seed
from unirain_core.training.schedule import learning_rate
from unirain_core.training.strategies import (
    LossMeter,
    on_device,
    pixel_loss,
    require_finite,
    weighted_loss,
)
from unirain_core.training.task import Best, Task, Trained
from unirain_core.training.validation import Measured, Validation

logger = logging.getLogger(__name__)


class Trainer:
    """One training; on the CPU a killed and resumed one equals an uninterrupted one, bit by bit."""

    def __init__(self, task: Task, net: Restorer, folder: Path, journal: Journal | None) -> None:
        """Go on from the folder's snapshot if there is one.

        Args:
            task: what to train on, and how.
            net: freshly initialised, on the CPU.
            folder: where snapshots stand.
            journal: of the main process; None in the others.

        Raises:
            ConfigError: a batch cannot be shared out to the devices.
        """
        self._task, self._net, self._folder = task, net, folder
        self._reweighter = MultiObjectiveReweighter(len(task.rain_types), task.strategy)
        self._accelerator = Accelerator(mixed_precision=task.training.mixed_precision)
        self._rank, self._world = self._accelerator.process_index, self._accelerator.num_processes
        n_types = len(task.rain_types)
        if n_types * task.training.batch_per_type % self._world:
            raise ConfigError(
                f"training.batch_per_type: {task.training.batch_per_type} crops of each of {n_types} rain types cannot be shared "
                f"out evenly to {self._world} processes; choose a multiple of {self._world // math.gcd(n_types, self._world)}"
            )
        optimizer = torch.optim.AdamW(net.parameters(), weight_decay=task.training.weight_decay)
        model = torch.compile(net) if task.training.compile else net
        self._model, self._optimizer = self._accelerator.prepare(model, optimizer)
        self._device = self._accelerator.device
        self._meter = LossMeter(len(task.rain_types), self._device)
        self._done = 0
        self._record = Record(
            task.rain_types,
            journal,
            task.training.batch_per_type * len(task.rain_types),
        )
        self._best = Best(weights={}, step=0, psnr=-math.inf)
        if (snapshot := resume.load(folder)) is not None:
            self._restore(snapshot)
        self._weights = on_device(self._reweighter.scores()["weights"], self._device)
        self._news = News(task.training.steps, self._done)

    def run(self) -> Trained:
        """Train to the last step.

        Raises:
            GateError: a loss is no longer finite; the last snapshot is from before.
        """
        task, plan = self._task, self._task.training
        self._validation = Validation(
            task.val, task.roots, plan, device=self._device, rank=self._rank, world=self._world
        )
        budget = MEMORY_BUDGET // len(task.train)
        pictures = [Pictures(rows, task.roots, budget) for rows in task.train]
        sizes = tuple(len(rows) for rows in task.train)
        sampler = Sampler(sizes, plan.batch_per_type, task.seed, self._rank, self._world)
        is_turned = plan.augmentation == "turned"
        steps = range(self._done, plan.steps)
        crops = batches(
            pictures, sampler, patch=plan.patch, turned=is_turned, clean_share=plan.clean_share, steps=steps
        )
        for batch in crops:
            rate = self._step(batch)
            self._done += 1
            if self._accelerator.is_main_process:
                self._news.tell(self._done, self._meter)
            last = self._done == plan.steps
            losses = self._update() if self._done % task.strategy.update_every == 0 else None
            measured = self._measure() if last or self._done % plan.validate_every == 0 else None
            if losses is not None or measured is not None:
                self._record.note(
                    self._done,
                    lr=rate,
                    scores=self._reweighter.scores(),
                    losses=losses,
                    measured=measured,
                    usage=self._usage() if measured else {},
                )
            if last or self._done % plan.save_every == 0:
                self._save()
        return Trained(best=self._best, last=_on_cpu(self._net.state_dict()), history=self._record.rows)

    def _step(self, batch: Batch) -> float:
        """One step of the optimizer; returns its learning rate."""
        plan = self._task.training
        rate = learning_rate(
            self._done,
            peak=plan.learning_rate,
            final=plan.final_learning_rate,
            warmup_steps=plan.warmup_steps,
            steps=plan.steps,
        )
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        rainy, clean = batch.rainy.to(self._device), batch.clean.to(self._device)
        types = batch.types.to(self._device)
        self._model.train()
        losses = pixel_loss(self._model(rainy, *self._noise(len(types))), clean, plan.loss)
        self._accelerator.backward(weighted_loss(losses, types, self._weights))
        if plan.gradient_clip is not None:
            self._accelerator.clip_grad_norm_(self._model.parameters(), plan.gradient_clip)
        self._optimizer.step()
        self._optimizer.zero_grad()
        self._meter.add(losses, types)
        return rate

    def _noise(self, batch: int) -> tuple[Tensor, ...]:
        seed = step_seed(self._task.seed, self._done, self._rank)
        return routing_noise(self._net, batch, torch.Generator(self._device).manual_seed(seed))

    def _update(self) -> Losses:
        """New weights from the losses of the interval, or from the fixed crops of `val`."""
        self._check_finite()
        of_val: list[float] | None = None
        if self._task.strategy.source == "val":
            of_val = self._validation.crop_losses(self._restored, self._sum)
        losses = Losses(self._meter.means(self._sum), of_val)
        self._meter.reset()
        self._weights = on_device(self._reweighter.update(losses.seen), self._device)
        return losses

    def _measure(self) -> Measured:
        self._check_finite()
        measured = self._validation.measure(self._restored, self._sum)
        self._news.measured(self._done, measured.mean_psnr)
        if measured.mean_psnr > self._best.psnr:
            weights = {name: weight.clone() for name, weight in _on_cpu(self._net.state_dict()).items()}
            self._best = Best(weights=weights, step=self._done, psnr=measured.mean_psnr)
        return measured

    def _usage(self) -> dict[str, float]:
        """Mean route of every expert on some crops, for the journal, which the main process alone writes.

        Of more processes than crops some have none to look at.
        """
        if not self._accelerator.is_main_process:
            return {}
        return expert_usage(self._net, self._validation.some_crops())

    def _check_finite(self) -> None:
        require_finite(self._sum(self._meter.sums)[0].tolist(), self._task.rain_types, self._done)

    def _restored(self, rainy: Tensor) -> Tensor:
        """Restore pictures with the network as it is now. It is not compiled, since pictures differ in size."""
        self._net.eval()
        with self._accelerator.autocast():
            restored: Tensor = self._net(rainy)
        return restored.float()

    def _sum(self, tensor: Tensor) -> Tensor:
        """The sum over all processes; the tensor itself stays as it is."""
        total: Tensor = self._accelerator.reduce(tensor.clone(), "sum")
        return total

    def _save(self) -> None:
        self._check_finite()
        meter = self._sum(self._meter.sums).cpu()
        if self._accelerator.is_main_process:
            snapshot = resume.Snapshot(
                step=self._done,
                model=_on_cpu(self._net.state_dict()),
                optimizer=self._optimizer.state_dict(),
                best=self._best,
                meter=meter,
                reweighter=self._reweighter.state_dict(),
                history=self._record.rows,
            )
            resume.save(self._folder, snapshot)

    def _restore(self, snapshot: resume.Snapshot) -> None:
        self._done, self._best = snapshot.step, snapshot.best
        self._record.restore(snapshot.step, snapshot.history)
        self._net.load_state_dict(snapshot.model)
        self._optimizer.load_state_dict(snapshot.optimizer)
        self._reweighter.load_state_dict(snapshot.reweighter)
        if self._accelerator.is_main_process:  # the sum over all processes stands there
            self._meter.sums.copy_(snapshot.meter)
        logger.info("training: goes on from step %d of %d", self._done, self._task.training.steps)


def _on_cpu(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: weight.detach().cpu() for name, weight in state.items()}
