"""The checks of an audit of the judges, and the aim of each."""

from dataclasses import dataclass
from typing import Literal

Figure = Literal["flips", "AUROC", "cost"]
"""Share of votes that flip; AUROC of p_yes against the labels; accuracy that is lost."""
Outcome = Literal["met", "missed", "no aim", "not measured"]


@dataclass(frozen=True, slots=True)
class Check:
    """One way to ask the judges in another form, and its aim."""

    name: str
    figure: Figure
    most: float | None = None
    """The aim: at most so much."""
    least: float | None = None
    """The aim: at least so much."""

    @property
    def aim(self) -> str:
        """The aim in words; empty: there is none."""
        if self.most is not None:
            return f"<= {_written(self.most, self.figure)}"
        return "" if self.least is None else f">= {_written(self.least, self.figure)}"

    def outcome(self, value: float | None) -> Outcome:
        """Whether a figure meets the aim; None: it was not measured."""
        if value is None:
            return "not measured"
        if self.most is not None:
            return "met" if value <= self.most else "missed"
        if self.least is not None:
            return "met" if value >= self.least else "missed"
        return "no aim"

    def written(self, value: float | None) -> str:
        """A figure in words."""
        return "-" if value is None else _written(value, self.figure)


def _written(value: float, figure: Figure) -> str:
    match figure:
        case "flips":
            return f"{100 * value:.1f} %"
        case "AUROC":
            return f"{value:.2f}"
        case "cost":
            return f"{100 * value:.1f} points"


ORDER = Check("order of references", "flips", most=0.02)
PARAPHRASE = Check("paraphrase", "flips", most=0.03)
SWAPPED = Check("no or yes", "flips")
BATCH = Check("batch size", "flips", most=0.01)
ENGINE = Check("engine", "flips", most=0.01)
PRECISION = Check("precision", "flips")
NO_QUERY = Check("query blacked out", "AUROC", most=0.55)
"""Without the query a judge can know nothing: 0.5, and some room for chance."""
NO_REFERENCES = Check("references blacked out", "cost")
OTHER_TYPE = Check("references of another rain type", "cost", least=0.05)
"""If wrong references cost nothing, retrieval does nothing."""

CHECKS = (
    ORDER,
    PARAPHRASE,
    SWAPPED,
    BATCH,
    ENGINE,
    PRECISION,
    NO_QUERY,
    NO_REFERENCES,
    OTHER_TYPE,
)
"""In the order in which they are printed; the aims are those of the project's plan."""
