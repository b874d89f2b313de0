"""`unirain ablate`: which choice of data trains the best proxies, or the variants of one of the paper's ablations."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Optional

import typer

from unirain_core.artefacts import paths
from unirain_core.cli import proxy_table
from unirain_core.cli.project import current_root
from unirain_core.cli.proxy_table import Place
from unirain_core.errors import MissingInputError

if TYPE_CHECKING:  # they load torch and polars, and --help needs neither
    from unirain_core.artefacts.schemas import Pair, SplitRow
    from unirain_core.config.params import Params
    from unirain_core.config.sections import RainType
    from unirain_core.distill.mixtures import Mixture
    from unirain_core.training.proxies import Rows
    from unirain_core.training.proxy_ranks import Proxy

FOLDER = "reports/ablate_data"
REPORT = "report.md"

logger = logging.getLogger(__name__)


def ablate(
    what: Annotated[
        Literal["data", "table6", "figure7", "paper_literal"], typer.Argument(help="What is varied.")
    ],
    out: Annotated[
        Optional[Path],  # noqa: UP045 (typer reads it)
        typer.Option(help=f"data: folder of the table and the report; default: {FOLDER} of the project."),
    ] = None,
    base: Annotated[
        str, typer.Option(help="table6, figure7, paper_literal: the variant that is varied.")
    ] = "reweighted",
) -> None:
    """Vary the data with small proxies, or write variants of the paper, such as the rows of Table 6, into params.yaml.

    data: train small proxies on mixtures of the pool, and say which choice of data trains the best ones. The values are those of
    `data_ablation` in params. Every finished proxy is a row of a table, so the same command goes on where it was ended.

    table6: write the rows of Table 6 into params.yaml, which are networks with and without experts. figure7: the ablations of the
    objective. paper_literal: the objective as printed. `dvc repro` then trains what is new.
    """
    from unirain_core.artefacts.folders import making
    from unirain_core.artefacts.whole import write_text
    from unirain_core.cli import ablate_table, ablation_report
    from unirain_core.cli.outs import demand_outside_of_outs
    from unirain_core.config.load import load_params
    from unirain_core.engine.life import lock, tie_to_parent
    from unirain_core.engine.store import WorkStore

    tie_to_parent()
    root = current_root()
    if what != "data":
        ablate_table.add(root, what, base)
        return
    params = load_params(root / "params.yaml")
    folder = out or root / FOLDER
    demand_outside_of_outs(root, folder)
    with making(folder):  # before any proxy is trained
        folder.mkdir(parents=True, exist_ok=True)
    with lock(WorkStore.at(root, "ablate_data").home / "locks/ablate_data.lock", "ablate data", root):
        study = _Study.of(root, params, folder / proxy_table.FILE)
        proxies = study.run()
    report = ablation_report.document(proxies, study.left_out, params)
    write_text(folder / REPORT, report)
    print(report)


@dataclass(slots=True)
class _Study:
    """The mixtures, and the proxies that are trained on them."""

    root: Path
    params: "Params"
    table: Path
    mixtures: "Sequence[Mixture]"
    left_out: Mapping[str, str]
    rows: "Mapping[str, SplitRow]"
    val: "Rows"
    finished: dict[Place, "Proxy"] = field(default_factory=dict)
    """Finished proxies of the table; those of other params or pairs stay in it."""

    @classmethod
    def of(cls, root: Path, params: "Params", table: Path) -> "_Study":
        """Read the records of the pool, and make the mixtures.

        Raises:
            MissingInputError: no mixture holds every rain type.
        """
        from unirain_core.artefacts import tables
        from unirain_core.artefacts.schemas import Pair, SplitRow, Vote
        from unirain_core.distill.mixtures import mixtures
        from unirain_core.distill.training_splits import candidates, verified

        pairs = candidates(verified(root, params.rainrag_split.seed), params.rain_types, ())
        votes = tables.columns(
            root / paths.VOTES / "votes.parquet", Vote, ["pair_id", "judge", "vote", "p_yes"]
        )
        sizes = {str(kind): params.data_ablation.pairs_per_type for kind in params.rain_types}
        chosen, left_out = mixtures(pairs, votes, sizes)
        if not chosen:
            reasons = "; ".join(f"{name} {reason}" for name, reason in left_out.items())
            raise MissingInputError(f"no choice of data holds every rain type: {reasons}")
        names = {name for mixture in chosen for name in mixture.pairs["pair_id"]}
        file = root / paths.VERIFIED / "pairs.parquet"
        pool = list(tables.read_some(file, Pair, "pair_id", names))
        _warn_of_small_pictures(pool, params.data_ablation.patch)
        rows = {row.pair_id: _split_row(row) for row in pool}
        val = _by_type(tables.read(root / paths.VAL, SplitRow), params.rain_types)
        return cls(root, params, table, chosen, left_out, rows, val, proxy_table.read(table))

    def run(self) -> "list[Proxy]":
        """Train what is missing; returns the proxies of these params and pairs."""
        from unirain_core.training.proxy_ranks import AVERAGE, ranking, spread_over_ranks

        plan = self.params.data_ablation
        short = list(self._trained(self.mixtures, plan.steps))
        names = spread_over_ranks(ranking(short, AVERAGE), plan.mixtures_longer)
        some = [mixture for mixture in self.mixtures if mixture.name in names]
        return short + list(self._trained(some, plan.steps * plan.longer))

    def _trained(self, mixtures: "Sequence[Mixture]", steps: int) -> "Iterator[Proxy]":
        from unirain_core.artefacts.roots import Roots
        from unirain_core.training.proxies import proxy_key, proxy_task, train_proxy
        from unirain_core.training.proxy_ranks import Proxy

        plan, roots = self.params.data_ablation, Roots.load(self.root)
        whole = len(mixtures) * plan.seeds
        # seed by seed, so that a table that is cut off compares all mixtures
        for number, (seed, mixture) in enumerate(product(range(plan.seeds), mixtures)):
            train = _by_type([self.rows[name] for name in mixture.pairs["pair_id"]], self.params.rain_types)
            task = proxy_task(
                train, self.val, self.params.training, plan, steps=steps, seed=seed, roots=roots
            )
            key = proxy_key(task)
            place = mixture.name, key
            if place not in self.finished:
                start = time.monotonic()
                # another mixture may hold the same pairs: then its proxy is this one's too
                twin = next((proxy for proxy in self.finished.values() if proxy.key == key), None)
                psnr = twin.psnr if twin else train_proxy(task)
                self.finished[place] = Proxy(
                    mixture=mixture.name, family=mixture.family, seed=seed, steps=steps, pairs=len(mixture.pairs),
                    key=key, psnr=psnr,
                )  # fmt: skip
                proxy_table.write(self.table, list(self.finished.values()))
                seconds = time.monotonic() - start
                name = f"{mixture.name}, seed {seed}, {steps} steps"
                logger.info("ablate data: %d of %d: %s: %.1f s", number + 1, whole, name, seconds)
            yield self.finished[place]


def _warn_of_small_pictures(pairs: "Sequence[Pair]", patch: int) -> None:
    """Say, before hours of training, that a patch is larger than pictures."""
    smaller = [pair for pair in pairs if min(pair.width, pair.height) < patch]
    if smaller:
        smallest = min(smaller, key=lambda pair: min(pair.width, pair.height))
        logger.warning(
            "ablate data: data_ablation.patch is %d, and %d of %d pictures are smaller (the smallest has %d x %d pixels): they are "
            "mirrored at their edges; lower data_ablation.patch in params.yaml",
            patch, len(smaller), len(pairs), smallest.width, smallest.height,
        )  # fmt: skip


def _split_row(pair: object) -> "SplitRow":
    from unirain_core.artefacts.schemas import SplitRow

    return SplitRow(**{name: getattr(pair, name) for name in SplitRow.__slots__})


def _by_type(rows: "Sequence[SplitRow]", rain_types: "Sequence[RainType]") -> "Rows":
    return {kind: tuple(row for row in rows if row.rain_type == kind) for kind in rain_types}
