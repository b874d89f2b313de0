"""Training splits by name, one section for each kind, and the named test sets (Table 4, Figures 1b and 6a, Table 2)."""

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from annotated_types import Ge, Le, MinLen

from unirain_core.config.tagged import ByTag

SplitSeed = Annotated[int, Ge(0), Le(2**63 - 1)]
Sources = tuple[str, ...]
"""Names in `raw_datasets.datasets`; an empty list: all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distilled:
    """Accepted pairs of some sources; of all sources it is the split `rainrag` without its thinning (Figure 6a)."""

    kind: Literal["distilled"] = "distilled"
    sources: Sources
    seed: SplitSeed


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """Verified pairs that no judge chose, as many of each rain type as the distilled set has."""

    kind: Literal["mixed"] = "mixed"
    sources: Sources
    seed: SplitSeed


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedFull:
    """All verified pairs, whatever the judges said of them."""

    kind: Literal["mixed_full"] = "mixed_full"
    sources: Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class RainragOfficial:
    """The training folder that the authors published; our judges do not decide about it."""

    kind: Literal["rainrag_official"] = "rainrag_official"
    sources: Annotated[Sources, MinLen(1)]
    """Datasets of the layout `rainrag`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlyVlm:
    """Pairs that the judges accept without references (Table 4), as many of each rain type as the distilled set has."""

    kind: Literal["only_vlm"] = "only_vlm"
    sources: Sources
    seed: SplitSeed


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRetrieval:
    """Pairs that the judges accept beside references drawn at random (Table 4), as many of each rain type as the distilled set has."""

    kind: Literal["no_retrieval"] = "no_retrieval"
    sources: Sources
    seed: SplitSeed
    """Draws the references, and the pairs where more are accepted than are needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoGeneration:
    """Pairs nearest to their own references (Table 4), as many of each rain type as the distilled set has; no judge is asked."""

    kind: Literal["no_generation"] = "no_generation"
    sources: Sources
    score: Literal["s_perc", "s_vis"] = "s_perc"
    """The score whose mean over S(q) decides (paper gap): SSIM of Eq. (3), or the image cosine of Eq. (2)."""
    seed: SplitSeed
    """Decides between pairs of equal score."""


TrainingSplit = Distilled | Mixed | MixedFull | RainragOfficial | OnlyVlm | NoRetrieval | NoGeneration
"""The section of one training split; another kind is added to this line."""
TRAINING_SPLITS: tuple[type[TrainingSplit], ...] = get_args(TrainingSplit)
TrainingSplitSection = Annotated[TrainingSplit, ByTag(TRAINING_SPLITS, "kind")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A named test set, which gives a part of Table 2. It is scored as it was published, whatever the judges say."""

    sources: Annotated[Sources, MinLen(1)]
    """Datasets whose pairs of role `test` or `benchmark` it holds."""
    paths: str = ""
    """Its rainy files have this in their paths below the dataset's folder, such as `test_set/raindrop/`; empty: all of them."""
