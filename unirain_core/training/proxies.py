"""A proxy: a very small network, trained for a few steps, that stands for what a set of pairs would train."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import SplitRow
from unirain_core.config.sections import DataAblation, Network, RainType, Strategy, Training
from unirain_core.engine.store import digest
from unirain_core.model.architecture import build
from unirain_core.training.loop import Trainer
from unirain_core.training.task import Task

ALGORITHM = "1"
NETWORK = Network(dim=8, blocks=(1, 1), refinement=1, heads=(1, 2), ffn_expansion=2.0, shuffle=2)
"""19,135 parameters: what counts is the order of the mixtures, not the quality."""

Rows = Mapping[RainType, tuple[SplitRow, ...]]


def proxy_task(
    train: Rows, val: Rows, training: Training, params: DataAblation, *, steps: int, seed: int, roots: Roots
) -> Task:
    """The training of one proxy: all rain types weigh the same, and its last weights are the ones that count.

    Args:
        train: pairs of each rain type.
        val: likewise, of the split `val`.
        training: the project's trainer; what makes a proxy small is set anew.
        params: how small.
        steps: of this proxy.
        seed: of its weights and crops.
        roots: where the pictures lie.
    """
    plan = replace(
        training,
        steps=steps,
        batch_per_type=params.batch_per_type,
        patch=params.patch,
        learning_rate=params.learning_rate,
        warmup_steps=min(20, steps - 1),
        validate_every=steps,
        save_every=steps,
        val_crops_per_type=1,
        val_pictures_per_type=params.val_pictures_per_type,
        mixed_precision="no",
        compile=False,
    )
    return Task(
        network=NETWORK,
        rain_types=tuple(train),
        train=tuple(train.values()),
        val=tuple(val[rain_type] for rain_type in train),
        roots=roots,
        training=plan,
        strategy=Strategy(preset="uniform", update_every=steps),
        seed=seed,
    )


def proxy_key(task: Task) -> str:
    """Of everything that determines a proxy's quality."""
    pairs = [
        [(row.pair_id, row.halves, row.input_hash, row.target_hash) for row in of_type]
        for of_type in (*task.train, *task.val)
    ]
    return digest(ALGORITHM, task.network, task.rain_types, task.training, task.seed, pairs)


def train_proxy(task: Task) -> dict[str, float]:
    """Train a proxy; PSNR in dB on pictures of `val` after the last step, by rain type."""
    with tempfile.TemporaryDirectory() as folder:  # a proxy that is killed begins again: it takes seconds
        trained = Trainer(task, build(task.network, task.seed), Path(folder), None).run()
    return {row.rain_type: row.psnr for row in trained.history if row.psnr is not None}
