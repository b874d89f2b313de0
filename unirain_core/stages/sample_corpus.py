"""Stage sample_corpus: render one corpus of rainy pictures over photographs that other packages ship."""

import logging
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from unirain_core.artefacts import paths, report
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.sums import SUMS
from unirain_core.config.sections import SampleCorpus
from unirain_core.engine.local import LocalEngine
from unirain_core.engine.pools import run as run_tasks
from unirain_core.engine.store import WorkStore, digest, hand_over
from unirain_core.errors import ChangedInputError
from unirain_core.imaging.codec import file_hash
from unirain_core.standins.rain import corpus
from unirain_core.standins.rain.items import FAULTS, Item
from unirain_core.standins.rain.photos import SHIPPED, read_hash
from unirain_core.standins.rain.plan import plan
from unirain_core.standins.rain.render import write

logger = logging.getLogger(__name__)

STAGE = "sample_corpus"
READS = ()
WRITES = (paths.SAMPLE_CORPUS, paths.report(STAGE, partitioned=True))
PARAMS = ("sample_corpora",)

ALGORITHM = "2"


def run(root: Path, *, sample_corpora: Mapping[str, SampleCorpus], partition: str) -> None:
    """Render a corpus into its folder; parts that stand in the work store are not rendered again.

    Raises:
        ConfigError: the corpus is larger than its file names have room for.
        OSError: a photograph that a package ships is gone.
    """
    config = sample_corpora[partition]
    store = WorkStore.at(root, STAGE, partition)
    items = plan(config)
    shards = [_shard(part, config) for part in corpus.parts(items)]
    logger.info("%s: %d pictures to render, in %d parts", STAGE, len(items), len(shards))
    folders = sorted(run_tasks(LocalEngine(), partial(_finished, store=store, config=config), shards))
    _assemble(folders, items, root / WRITES[0].format(partition=partition))
    store.record_use(shard.key for shard in shards)
    report.write(root / WRITES[1].format(partition=partition), _report(items))
    logger.info("%s: %d pictures rendered", STAGE, len(items))


@dataclass(frozen=True, slots=True)
class _Shard:
    key: str
    items: tuple[Item, ...]
    photo_hashes: tuple[tuple[int, str], ...]
    """Number of each photograph that the items show, and the hash of its file."""


def _shard(items: tuple[Item, ...], config: SampleCorpus) -> _Shard:
    hashes = tuple((number, file_hash(SHIPPED[number - 1].path)) for number in _photos(items))
    key = digest(ALGORITHM, config.seed, config.height, config.width, hashes, items)
    return _Shard(key, items, hashes)


def _photos(items: Sequence[Item]) -> list[int]:
    wrong = {item.other_view.photo for item in items if item.other_view}
    return sorted({item.photo for item in items} | wrong)


def _finished(shard: _Shard, *, store: WorkStore, config: SampleCorpus) -> Path:
    def make(folder: Path) -> None:
        for item in shard.items:
            write(item, config, folder)
        for number, listed in shard.photo_hashes:
            photo = SHIPPED[number - 1]
            if read_hash(photo) != listed:
                raise ChangedInputError(
                    f"{photo.path} has changed since it was hashed; run the same command again"
                )

    return store.folder(shard.key, make)


def _assemble(folders: Sequence[Path], items: Sequence[Item], out: Path) -> None:
    """Copy all parts into the corpus's folder, which appears whole or not at all.

    No hard links: DVC makes files of its cache read-only, and a store's file must stay its own.
    """
    fresh = out.with_name(f".{out.name}.partial")
    shutil.rmtree(fresh, ignore_errors=True)
    for folder in folders:
        shutil.copytree(folder, fresh, dirs_exist_ok=True, ignore=shutil.ignore_patterns(SUMS))
    corpus.write_ledger(fresh, items)
    hand_over(fresh, out)


def _report(items: Sequence[Item]) -> Report:
    pairs = [item for item in items if item.role != "real"]
    by_dataset = Counter(f"pairs in {item.dataset}" for item in pairs)
    return Report(
        stage=STAGE,
        counts={
            "pairs": len(pairs),
            "good": sum(not item.kind and not item.fault for item in pairs),
            "low_fidelity": sum(bool(item.kind) for item in pairs),
            "faulty": sum(bool(item.fault) for item in pairs),
            "real": len(items) - len(pairs),
            **by_dataset,
        },
        notes=(
            "rendered over photographs of scikit-image and scikit-learn: a sample, no benchmark",
            f"planted faults of integrity, one pair each: {', '.join(FAULTS)}",
        ),
        figures={"composition": corpus.composition(items)},
    )
