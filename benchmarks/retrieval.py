"""Time of S(q) beside a literal program and beside faiss, as ratios of one run.

    python -m benchmarks.retrieval --references 10000 --queries 1000 --seed 0
    python -m benchmarks.retrieval --references 100000 --literal 10 --turns 1

All programs have the same triplets (`benchmarks/synthetic_triplets.py`), in memory or memory-mapped:

    literal   every query by itself in NumPy float64, as Eqs. 1 to 3 are written; on a few queries, extrapolated
    memory    ours with the plain store
    edge      ours with Qdrant's embedded engine
    faiss     IndexFlatL2, float32 cosines and batched float32 SSIM with torch; skipped where faiss is not installed

The programs run in turns (A B C A B C ...) and the fastest turn of each counts. Ours start every turn without moments. Before
each, 2 GiB are touched and freed: a virtual machine whose free pages went back to its host gets them again slowly (2.4 s for
1.1 GB were seen), which would be charged to whoever asks first. It is demanded that memory and edge give all queries the same
references and scores, and that both agree with the literal program on its queries.
"""

import argparse
import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d

from benchmarks.synthetic_triplets import DIMENSIONS, SIDE, World, part_of
from unirain_core.artefacts.schemas import Reference
from unirain_core.artefacts.triplets import Triplets
from unirain_core.config.sections import RetrievedReferences
from unirain_core.distill.cascade import (
    BATCH,
    Database,
    nearest_by_sight,
    nearest_by_structure,
    nearest_by_text,
)
from unirain_core.distill.ranking import DECIMALS, ranked
from unirain_core.distill.similarity import semantic_distance, structural_similarity, visual_cosine
from unirain_core.distill.stores.edge import EdgeStore
from unirain_core.distill.stores.memory import MemoryStore
from unirain_core.distill.stores.store import Content, Store
from unirain_core.distill.structure import BUDGET
from unirain_core.imaging.ssim import GAUSSIAN, stabilisers

SIZES = RetrievedReferences(keep_semantic=100, keep_visual=20, keep_structural=3)
THREADS = 2


def main() -> int:
    """Print the table for one number of references."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--references", type=int, default=10_000)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--literal", type=int, default=40, help="queries that the literal program is run on")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if min(options.references, options.queries, options.literal, options.turns) < 1:
        parser.error("at least one reference, query, literal query and turn are needed")
    torch.set_num_threads(THREADS)
    with tempfile.TemporaryDirectory() as folder:
        world = World.drawn(np.random.default_rng(options.seed), Path(folder))
        photos = world.triplets("photo", options.references)
        queries = world.triplets("query", options.queries)
        race = Race(photos, queries, n_literal=min(options.literal, options.queries))
        with race.stores(Path(folder)) as stores:
            for _ in range(options.turns):
                race.turn(stores)
    print(race.table(options.turns))
    return 0


@dataclass(slots=True, eq=False)
class Race:
    """The programs over one set of triplets, with the fastest times of each."""

    photos: Triplets
    queries: Triplets
    n_literal: int
    seconds: dict[str, float] = field(default_factory=dict)
    """Of all queries, by program."""
    levels: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Of all queries, by program and level, in its fastest turn."""
    cpu: dict[str, float] = field(default_factory=dict)
    """CPU seconds of all queries and threads, by program, in the turn that took the fewest; another process disturbs these less."""
    preparations: dict[str, float] = field(default_factory=dict)
    """Before the first query, once, by program."""
    results: dict[str, list[list[Reference]]] = field(default_factory=dict)

    @contextmanager
    def stores(self, folder: Path) -> Iterator[dict[str, Store]]:
        """Both stores, filled."""
        content = Content.of(self.photos)
        with MemoryStore() as memory, EdgeStore(folder / "collection") as edge:
            stores: dict[str, Store] = {"memory": memory, "edge": edge}
            for name, store in stores.items():
                begin = time.perf_counter()
                store.fill(content)
                self.preparations[name] = time.perf_counter() - begin
            yield stores

    def turn(self, stores: dict[str, Store]) -> None:
        """Every program once."""
        touch_memory()
        self._literal()
        for name, store in stores.items():
            touch_memory()
            self._ours(name, store)
        if self._faiss_is_installed():
            touch_memory()
            self._faiss()
        assert_equal(self.results["memory"], self.results["edge"])
        assert_equal(self.results["literal"], self.results["memory"][: self.n_literal])

    def _literal(self) -> None:
        begin, cpu = time.perf_counter(), time.process_time()
        self.results["literal"] = [self._literally(query) for query in range(self.n_literal)]
        factor = len(self.queries.ids) / self.n_literal
        self._note("literal", (time.perf_counter() - begin) * factor, (time.process_time() - cpu) * factor)

    def _literally(self, query: int) -> list[Reference]:
        """Eqs. 1 to 3 of one query; ids are sorted, so positions are rows."""
        every = np.arange(len(self.photos.ids))
        distances = semantic_distance(self.queries.text[query], self.photos.text)
        first, _ = ranked(every, distances)
        first = first[: SIZES.keep_semantic]
        second, _ = ranked(first, -visual_cosine(self.queries.image[query], self.photos.image[first]))
        second = second[: SIZES.keep_visual]
        similarities = structural_similarity(self.queries.pictures[query], self.photos.pictures[second])
        third, costs = ranked(second, -similarities)
        third = third[: SIZES.keep_structural]
        cosines = visual_cosine(self.queries.image[query], self.photos.image[third])
        rows = []
        for rank, position in enumerate(third):
            row = Reference(
                pair_id=self.queries.ids[query],
                rank=rank,
                reference_id=self.photos.ids[position],
                s_txt=round(float(distances[position]), DECIMALS),
                s_vis=round(float(cosines[rank]), DECIMALS),
                s_perc=0.0 - float(costs[rank]),
            )
            rows.append(row)
        return rows

    def _ours(self, name: str, store: Store) -> None:
        database = Database.of(self.photos, SIZES)
        results: list[list[Reference]] = []
        levels, cpu = np.zeros(3), time.process_time()
        with ThreadPoolExecutor(THREADS) as pool:
            for start in range(0, len(self.queries.ids), BATCH):
                batch = part_of(self.queries, slice(start, start + BATCH))
                times = [time.perf_counter()]
                first = nearest_by_text(batch, database, store, SIZES.keep_semantic, pool)
                times.append(time.perf_counter())
                second = nearest_by_sight(batch, database, first, SIZES.keep_visual, pool)
                times.append(time.perf_counter())
                results += nearest_by_structure(batch, database, second, SIZES.keep_structural, pool)
                times.append(time.perf_counter())
                levels += np.diff(times)
        self.results[name] = results
        self._note(name, float(levels.sum()), time.process_time() - cpu, tuple(levels.tolist()))

    def _faiss_is_installed(self) -> bool:
        return importlib.util.find_spec("faiss") is not None

    def _faiss(self) -> None:
        faiss = importlib.import_module("faiss")
        faiss.omp_set_num_threads(THREADS)
        begin = time.perf_counter()
        index = faiss.IndexFlatL2(DIMENSIONS)
        index.add(self.photos.text)
        unit_looks = torch.nn.functional.normalize(torch.from_numpy(self.photos.image), dim=1)
        self.preparations["faiss"] = time.perf_counter() - begin
        levels, cpu = np.zeros(3), time.process_time()
        for start in range(0, len(self.queries.ids), BATCH):
            batch = part_of(self.queries, slice(start, start + BATCH))
            times = [time.perf_counter()]
            first = torch.from_numpy(index.search(batch.text, SIZES.keep_semantic)[1])
            times.append(time.perf_counter())
            cosines = torch.einsum("qkd,qd->qk", unit_looks[first], torch.from_numpy(batch.image))
            second = first.gather(1, cosines.topk(SIZES.keep_visual).indices)
            times.append(time.perf_counter())
            for query, candidates in enumerate(second):
                pictures = torch.from_numpy(self.photos.pictures[candidates.numpy()])
                ssim_in_float32(torch.tensor(batch.pictures[query]), pictures).topk(SIZES.keep_structural)
            times.append(time.perf_counter())
            levels += np.diff(times)
        self._note("faiss", float(levels.sum()), time.process_time() - cpu, tuple(levels.tolist()))

    def _note(self, name: str, seconds: float, cpu: float, levels: tuple[float, ...] = ()) -> None:
        self.cpu[name] = min(cpu, self.cpu.get(name, np.inf))
        if seconds < self.seconds.get(name, np.inf):
            self.seconds[name], self.levels[name] = seconds, levels

    def table(self, turns: int) -> str:
        """The Markdown table, and how it was made."""
        n_queries, n_photos = len(self.queries.ids), len(self.photos.ids)
        lines = [
            f"{n_queries:,} queries over {n_photos:,} references, {DIMENSIONS} dimensions, K1 = {SIZES.keep_semantic}, "
            f"K2 = {SIZES.keep_visual}, K3 = {SIZES.keep_structural}, side {SIDE}, {THREADS} threads of "
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, fastest of {turns} turns",
            f"literal: {self.n_literal} queries run, the rest extrapolated; equal results: "
            f"literal = memory on these, memory = edge on all",
            "",
            "| | s | ms a query | captions | sight | SSIM | CPU ms a query | literal / it | preparation s |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        for name, seconds in self.seconds.items():
            levels = [f"{1000 * level / n_queries:.2f}" for level in self.levels[name]] or ["", "", ""]
            cells = [
                name,
                f"{seconds:.2f}",
                f"{1000 * seconds / n_queries:.2f}",
                *levels,
                f"{1000 * self.cpu[name] / n_queries:.2f}",
                f"{self.seconds['literal'] / seconds:.1f}",
                f"{self.preparations.get(name, 0.0):.2f}",
            ]
            lines.append("| " + " | ".join(cells) + " |")
        if "faiss" in self.seconds:
            lines.append(f"\nfaiss / memory: {self.seconds['faiss'] / self.seconds['memory']:.2f}")
        else:
            lines.append("\nfaiss is not installed: the peer was skipped")
        return "\n".join(lines)


def touch_memory() -> None:
    """Let this machine have its memory before a program is timed."""
    np.ones(BUDGET, dtype=np.uint8)


def ssim_in_float32(query: Tensor, others: Tensor) -> Tensor:
    """(R,) SSIM of (S, S) and (R, S, S) uint8, by separable convolutions of all five moments at once."""
    window = torch.from_numpy(GAUSSIAN.astype(np.float32))
    x, y = query.float()[None], others.float()
    maps = torch.cat([x, x * x, y, y * y, x * y])[:, None]
    means = conv2d(conv2d(maps, window.view(1, 1, -1, 1)), window.view(1, 1, 1, -1))[:, 0]
    n = len(others)
    mean_x, square_x, mean_y, square_y, product = torch.split(means, [1, 1, n, n, n])
    c1, c2 = stabilisers(255.0)
    covariance = product - mean_x * mean_y
    spread = square_x - mean_x**2 + square_y - mean_y**2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    similarities: Tensor = (luminance * (2 * covariance + c2) / (spread + c2)).mean(dim=(1, 2))
    return similarities


def assert_equal(first: Sequence[Any], second: Sequence[Any]) -> None:
    """Refuse to print times of programs that find different references.

    Raises:
        ValueError: they do.
    """
    if list(first) != list(second):
        at = next(n for n, (a, b) in enumerate(zip(first, second, strict=True)) if a != b)
        raise ValueError(f"query {at} differs: {first[at]} and {second[at]}")


if __name__ == "__main__":
    sys.exit(main())
