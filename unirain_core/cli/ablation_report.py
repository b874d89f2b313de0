"""The report of `unirain ablate data` as Markdown."""

from collections.abc import Mapping, Sequence

from unirain_core.config.params import Params
from unirain_core.training.proxy_ranks import AVERAGE, Mean, Proxy, kendall, ranking, spearman

EARLY_STOP = (
    "The judges were asked with early stop, so the last of them mostly saw pairs on which the others disagreed. The mixtures by "
    "judge and by threshold then hold other pairs than their names say: set `vlm_votes.early_stop: false` before you compare them."
)
"""Stands in the report where it is true."""


def document(proxies: Sequence[Proxy], left_out: Mapping[str, str], params: Params) -> str:
    """The report: the best choice for each rain type, all mixtures, and whether longer trainings agree.

    Args:
        proxies: short and long ones.
        left_out: name of a mixture to the reason why it was not trained on.
        params: of the project.
    """
    plan = params.data_ablation
    short = [proxy for proxy in proxies if proxy.steps == plan.steps]
    long = [proxy for proxy in proxies if proxy.steps != plan.steps]
    columns = [*params.rain_types, AVERAGE]
    lines = [
        "# Which choice of data trains the best proxies",
        "",
        f"{len({p.mixture for p in short})} mixtures, {_distinct(short)} different sets of pairs, {plan.seeds} seeds, {plan.steps} steps. PSNR in dB on pictures of `val`, "
        "mean ± standard deviation over seeds. `val` holds accepted pairs alone, which favours what the judges chose.",
        "",
        *_best(short, columns),
        "",
        *_table(short, columns),
        "",
        *_agreement(short, long, columns),
    ]
    if params.vlm_votes.early_stop:
        lines += [EARLY_STOP, ""]
    lines += [f"Left out: {name} ({reason})." for name, reason in left_out.items()]
    return "\n".join([*lines, ""])


def _distinct(proxies: Sequence[Proxy]) -> int:
    """Mixtures of the same pairs are one set: where a pool is small, many choices take all of it."""
    return len({proxy.key for proxy in proxies if proxy.seed == 0})


def _best(proxies: Sequence[Proxy], columns: Sequence[str]) -> list[str]:
    """The best choice of each rain type, beside the distance to the next one and the spread."""
    lines = ["| rain type | best choice | PSNR | ahead of the next by |", "| --- | --- | --- | --- |"]
    for column in columns:
        ranked = ranking(proxies, column)
        ahead = f"{ranked[0].mean - ranked[1].mean:.3f} ({ranked[1].mixture})" if len(ranked) > 1 else "n/a"
        lines.append(f"| {column} | {ranked[0].mixture} | {_words(ranked[0])} | {ahead} |")
    return lines


def _table(proxies: Sequence[Proxy], columns: Sequence[str]) -> list[str]:
    """All mixtures, the best average first."""
    pairs = {proxy.mixture: proxy for proxy in proxies}
    by_column = {column: {mean.mixture: mean for mean in ranking(proxies, column)} for column in columns}
    lines = [f"| mixture | by | pairs | {' | '.join(columns)} |", "| --- " * (len(columns) + 3) + "|"]
    for mean in ranking(proxies, AVERAGE):
        cells = [_words(by_column[column][mean.mixture]) for column in columns]
        proxy = pairs[mean.mixture]
        lines.append(f"| {mean.mixture} | {proxy.family} | {proxy.pairs} | {' | '.join(cells)} |")
    return lines


def _agreement(short: Sequence[Proxy], long: Sequence[Proxy], columns: Sequence[str]) -> list[str]:
    """Whether the order of the mixtures stays the same in longer trainings."""
    names = sorted({proxy.mixture for proxy in long})
    if len(names) < 2:
        return []
    lines = [
        f"Order of {len(names)} mixtures, trained {long[0].steps} steps as well:",
        "",
        "| rain type | Spearman | Kendall |",
        "| --- | --- | --- |",
    ]
    for column in columns:
        sides = []
        for proxies in (short, long):
            of_mixture = {mean.mixture: mean.mean for mean in ranking(proxies, column)}
            sides.append([of_mixture[name] for name in names])
        lines.append(f"| {column} | {spearman(*sides):.2f} | {kendall(*sides):.2f} |")
    return [*lines, ""]


def _words(mean: Mean) -> str:
    return f"{mean.mean:.2f}" if mean.spread is None else f"{mean.mean:.2f} ± {mean.spread:.2f}"
