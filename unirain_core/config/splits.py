"""Training splits by name, one section for each kind, and the named test sets (Table 4, Figures 1b and 6a, Table 2)."""

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from annotated_types import Ge, Le, MinLen

from unirain_core.config.tagged import ByTag

SplitSeed = Annotated[int, Ge(0), Le(2**63 - 1)]
Sources = tuple[str, ...]
"""Names in `raw_datasets.datasets`; none: all of them."""


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
    """The training folder that the authors published, past our votes."""

    kind: Literal["rainrag_official"] = "rainrag_official"
    sources: Annotated[Sources, MinLen(1)]
    """Datasets of the layout `rainrag`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlyVlm:
    """Accepted by the judges without references (Table 4), of the distilled set's size."""

    kind: Literal["only_vlm"] = "only_vlm"
    sources: Sources
    seed: SplitSeed


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRetrieval:
    """Accepted by the judges beside references that were drawn blindly (Table 4), of the distilled set's size."""

    kind: Literal["no_retrieval"] = "no_retrieval"
    sources: Sources
    seed: SplitSeed
    """Draws the references, and thins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoGeneration:
    """Nearest to their own references (Table 4), as many of each rain type as the distilled set has; no judge is asked."""

    kind: Literal["no_generation"] = "no_generation"
    sources: Sources
    score: Literal["s_perc", "s_vis"] = "s_perc"
    """Whose mean over S(q) counts (paper gap): SSIM of Eq. (3), or the image cosine of Eq. (2)."""
    seed: SplitSeed
    """Decides between pairs of equal score."""


TrainingSplit = Distilled | Mixed | MixedFull | RainragOfficial | OnlyVlm | NoRetrieval | NoGeneration
"""The section of one training split; another kind is added to this line."""
TRAINING_SPLITS: tuple[type[TrainingSplit], ...] = get_args(TrainingSplit)
TrainingSplitSection = Annotated[TrainingSplit, ByTag(TRAINING_SPLITS, "kind")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A named test set: a row of Table 2. It is scored as it was published, past the votes."""

    sources: Annotated[Sources, MinLen(1)]
    """Datasets whose pairs of role `test` it holds."""
    paths: str = ""
    """Part of the path of its rainy files below the dataset's folder, such as `test_set/raindrop/`; empty: all of them."""
