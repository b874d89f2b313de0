"""Stage trained_checkpoint: one variant's network, trained on its split."""

import hashlib
import logging
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import torch

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import MadeWith, Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import HistoryRow, SplitRow
from unirain_core.config.architectures import Architecture
from unirain_core.config.sections import RainType, Strategy, Training, Variant
from unirain_core.engine.life import is_held
from unirain_core.engine.store import WorkStore, digest, hand_over
from unirain_core.errors import MissingInputError
from unirain_core.model import checkpoint
from unirain_core.model.complexity import complexity
from unirain_core.model.memory import step_memory
from unirain_core.tracking import journal
from unirain_core.tracking.events import Dataset, Finish, Start
from unirain_core.tracking.journal import Journal
from unirain_core.tracking.kept import keep
from unirain_core.tracking.mirror import Mirror
from unirain_core.tracking.naming import description, differing, run_name
from unirain_core.tracking.provenance import provenance
from unirain_core.tracking.settle import crown, settle
from unirain_core.training import slope_noise
from unirain_core.training.history import tell_history
from unirain_core.training.session import HISTORY, Session, train
from unirain_core.training.task import Task
from unirain_core.training.validation import PROTOCOL, shortage

logger = logging.getLogger(__name__)

STAGE = "trained_checkpoint"
ALGORITHM = "3"
READS = (paths.TRAINING_SPLIT, paths.VAL)
WRITES = (paths.CHECKPOINT, paths.report(STAGE, partitioned=True))
PARAMS = ("variants", "networks", "strategies", "training", "rain_types", "profile")


def run(
    root: Path,
    *,
    variants: Mapping[str, Variant],
    networks: Mapping[str, Architecture],
    strategies: Mapping[str, Strategy],
    training: Training,
    rain_types: tuple[RainType, ...],
    profile: str,
    partition: str,
    made_with: MadeWith | None = None,
) -> None:
    """Train a variant, or take its finished checkpoint from the work store.

    Raises:
        MissingArtefactError: the variant's split was not made.
        MissingInputError: a rain type has no pairs to train on or to validate on.
        GateError: a loss is no longer finite.
    """
    variant = variants[partition]
    files = {"training": paths.TRAINING_SPLIT.format(partition=variant.split), "validation": paths.VAL}
    train_rows, val_rows = (_by_type(root, file, rain_types) for file in files.values())
    task = Task(
        network=networks[variant.network],
        rain_types=rain_types,
        train=train_rows,
        val=val_rows,
        roots=Roots.load(root),
        training=training,
        strategy=strategies[variant.strategy],
        seed=variant.seed,
    )
    store = WorkStore.at(root, STAGE, partition)
    command = f"unirain run {STAGE} --partition {partition}"
    tags = provenance(root, command, made_with) | {"unirain.profile": profile, "torch": torch.__version__}
    session = _session(store, task, _flat_params(task, variant), files, tags)
    settle(store.home / "runs", root, lambda other: is_held(store.home / "locks" / f"{STAGE}@{other}.lock"))
    pairs = [sum(map(len, rows)) for rows in (train_rows, val_rows)]
    logger.info("%s: %s: %d pairs to train on, %d to validate on", STAGE, partition, *pairs)
    if not store.has_folder(session.start.key):
        for line in [_need(task), *_differences_to_the_last_training(session)]:
            logger.info("%s: %s: %s", STAGE, partition, line)
    finished = store.folder(session.start.key, lambda folder: train(session, folder))
    shutil.rmtree(session.snapshots, ignore_errors=True)
    store.record_use([session.start.key])
    _hand_over(finished, root / paths.CHECKPOINT.format(partition=partition))
    history = tables.read(finished / HISTORY, HistoryRow)
    best = _best_rows(finished, history)
    extra = checkpoint.describe(finished).extra
    report.write(root / WRITES[1].format(partition=partition), _report(task, best, history, extra))
    _finish(session, store, finished, best)
    logger.info("%s: %s: the best weights are those of step %d", STAGE, partition, best[0].step)
    logger.info(
        "%s: %s: dry pictures change by %.1f dB and %.1f grey levels of brightness",
        STAGE, partition, extra["dry_psnr"], extra["dry_brightness"],
    )  # fmt: skip


def _session(
    store: WorkStore, task: Task, params: Mapping[str, str], files: Mapping[str, str], tags: Mapping[str, str]
) -> Session:
    key, variant, root = _key(task), store.owner.partition("@")[2], task.roots.project
    snapshots, runs = store.home / "resume" / key, store.home / "runs" / variant
    plain = Start(
        key=key,
        variant=variant,
        params=params,
        tags=tags,
        datasets=[_dataset(root, file, context) for context, file in files.items()],
    )
    start = replace(plain, name=run_name(plain, runs), description=description(plain, _facts(params), runs))
    return Session(task=task, snapshots=snapshots, journal=runs, start=start, root=root)


def _need(task: Task) -> str:
    """The memory of a step, before hours are spent."""
    plan = task.training
    crops = plan.batch_per_type * len(task.rain_types)
    need = step_memory(task.network, crops, plan.patch)
    return (
        f"a step of {crops} crops of {plan.patch} x {plan.patch} pixels holds {need.activations / 1e9:.1f} GB of activations in 32 bits, "
        f"shared out over all processes, and each process {need.weights / 1e9:.2f} GB of weights, gradients and averages"
    )


def _facts(params: Mapping[str, str]) -> str:
    """A training in one sentence, for the description of its run."""
    return (
        f"Strategy `{params['strategy']}` (preset `{params['strategy.preset']}`) on the split `{params['split']}`, network "
        f"`{params['network']}` of {int(params['network.parameters']):,} parameters, {params['training.steps']} steps, "
        f"seed {params['seed']}."
    )


def _differences_to_the_last_training(session: Session) -> list[str]:
    """Why this training cannot go on from the variant's last one; nothing where it is the same, or there is none."""
    last = journal.start_of(journal.read(session.journal))
    if last is None or last.key == session.start.key:
        return []
    before, now = last.params, session.start.params
    names = differing(before, now)
    why = "the training starts anew: it is another computation than the variant's last one"
    if "training.steps" in names:
        why += "; the cosine schedule reaches its end at the last step, so more steps change the learning rate of every step"
    differences = [f"{name} is {now.get(name)} instead of {before.get(name)}" for name in names]
    return [why, *(differences or ["its pairs, or the code that trains, are not the same"])]


def _by_type(root: Path, file: str, rain_types: tuple[RainType, ...]) -> tuple[tuple[SplitRow, ...], ...]:
    rows = tables.read(root / file, SplitRow)
    of_types = tuple(tuple(row for row in rows if row.rain_type == t) for t in rain_types)
    empty = [t for t, of_type in zip(rain_types, of_types, strict=True) if not of_type]
    if empty:
        raise MissingInputError(
            f"{file} has no pair of {', '.join(empty)}: add a dataset that has some to raw_datasets.datasets, "
            "or take the type out of rain_types"
        )
    return of_types


def _key(task: Task) -> str:
    """Of everything that determines the checkpoint; how often it is saved on the way does not."""
    pairs = [
        [(row.pair_id, row.halves, row.input_hash, row.target_hash) for row in of_type]
        for of_type in (*task.train, *task.val)
    ]
    plan = replace(task.training, save_every=1)
    return digest(ALGORITHM, task.network, task.rain_types, plan, task.strategy, task.seed, pairs)


def _flat_params(task: Task, variant: Variant) -> dict[str, str]:
    sections = {
        "network": asdict(task.network),
        "strategy": asdict(task.strategy),
        "training": asdict(task.training),
    }
    nested = {
        f"{name}.{field}": str(value)
        for name, section in sections.items()
        for field, value in section.items()
    }
    plain = {field: str(value) for field, value in asdict(variant).items()}
    size = complexity(task.network)
    counted = {
        "network.parameters": str(size.parameters),
        "network.multiply_adds": str(size.dense_macs),  # of a picture of 256 x 256, every expert running
        "validation.protocol": PROTOCOL,
    }
    return nested | plain | counted | {"rain_types": ", ".join(task.rain_types)}


def _dataset(root: Path, file: str, context: str) -> Dataset:
    md5 = hashlib.md5((root / file).read_bytes(), usedforsecurity=False).hexdigest()
    return Dataset(name=Path(file).stem, path=file, md5=md5, context=context)


def _hand_over(finished: Path, out: Path) -> None:
    """Copy the checkpoint out of the store; the out appears whole or not at all."""
    copy = out.with_name(f".{out.name}.partial")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(finished, copy)
    hand_over(copy, out)


def _best_rows(finished: Path, rows: list[HistoryRow]) -> list[HistoryRow]:
    """The history's rows at the step of the best weights, one of each rain type."""
    step = checkpoint.describe(finished).extra["step"]
    return [row for row in rows if row.step == step and row.psnr is not None]


def _report(
    task: Task, best: list[HistoryRow], history: list[HistoryRow], extra: Mapping[str, float | str]
) -> Report:
    counted = zip(best, task.train, task.val, strict=True)
    ratios = slope_noise.signal_to_noise(history, task.rain_types, task.strategy.window_size)
    return Report(
        stage=STAGE,
        counts={
            "train_pairs": sum(map(len, task.train)),
            "val_pairs": sum(map(len, task.val)),
            "steps": task.training.steps,
        },
        notes=[
            *slope_noise.notes(ratios, task.strategy),
            *shortage(task.rain_types, task.val, task.training),
        ],
        figures={
            "best_step": best[0].step,
            "val_psnr": _mean_psnr(best),
            "dry_psnr": extra["dry_psnr"],
            "dry_brightness": extra["dry_brightness"],
            "rain_types": [
                {
                    "rain_type": row.rain_type,
                    "train_pairs": len(train_rows),
                    "val_pairs": len(val_rows),
                    "val_psnr": row.psnr,
                    "val_ssim": row.ssim,
                    "weight": row.weight,
                    "slope_signal_to_noise": ratios[RainType(row.rain_type)],
                }
                for row, train_rows, val_rows in counted
            ],
        },
    )


def _mean_psnr(best: list[HistoryRow]) -> float:
    """Each rain type counts the same, however many pictures it has."""
    return sum(row.psnr or 0.0 for row in best) / len(best)


def _finish(session: Session, store: WorkStore, finished: Path, best: list[HistoryRow]) -> None:
    """Tell the journal what has come of it, and MLflow whatever it has not heard yet."""
    psnr = _mean_psnr(best)
    per_type = {f"best/val/psnr/{row.rain_type}": row.psnr or 0.0 for row in best}
    keep(store.home, session.start.key)
    run_journal = Journal.begin(session.journal, session.start)
    report_file = session.root / WRITES[1].format(partition=session.start.variant)
    run_journal.file("config.json", session.config)  # a training from the work store has not told it here
    run_journal.file("report.json", report_file.read_text(encoding="utf-8"))
    tell_history(run_journal, tables.read(finished / HISTORY, HistoryRow))
    run_journal.finish(
        Finish(
            metrics={"best/step": float(best[0].step), "best/val/psnr/mean": psnr} | per_type,
            checkpoint=paths.CHECKPOINT.format(partition=session.start.variant),
            sha256=checkpoint.describe(finished).sha256,
            psnr=psnr,
        )
    )
    Mirror(session.journal, session.root).flush()
    crown(store.home / "runs", session.root)
