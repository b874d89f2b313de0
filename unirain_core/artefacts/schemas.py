"""The rows of every table as frozen dataclasses; each class is one file's fixed schema."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unirain_core.artefacts.picture import Picture, other_half


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRow:
    """A listed pair or real photo."""

    PRODUCER: ClassVar[str] = "raw_datasets"

    pair_id: str
    """<dataset>/<relative input path without suffix>."""
    dataset: str
    """Name of the dataset in params."""
    rain_types: tuple[str, ...]
    """One type, or 'luma:DAY|NIGHT' where the tree does not say; empty for a real photo."""
    origin: str
    """Synthetic or real."""
    role: str
    """What the dataset says: train, val, test; benchmark: only scored; real: an unpaired photo."""
    root: str
    """Name of the root that the paths are relative to."""
    input: str
    """Relative path of the rainy picture."""
    target: str | None
    """Relative path of the clean picture."""
    halves: str | None
    """Left or right: the clean half of a picture that holds both."""
    group: str | None
    """Scene key that the dataset gives."""
    input_bytes: int
    """Size of the rainy file."""
    target_bytes: int | None
    """Size of the clean file."""
    input_hash: str
    """Content hash of the rainy file."""
    target_hash: str | None
    """Content hash of the clean file."""

    @property
    def rainy(self) -> Picture:
        """The rainy picture."""
        return Picture(self.root, self.input, other_half(self.halves), self.input_hash)

    @property
    def clean(self) -> Picture | None:
        """The clean picture; None: a photo has none."""
        if self.halves is not None:
            return Picture(self.root, self.input, self.halves, self.input_hash)
        if self.target is None or self.target_hash is None:
            return None
        return Picture(self.root, self.target, None, self.target_hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A pair that passed every check of integrity."""

    PRODUCER: ClassVar[str] = "verified_pairs"

    pair_id: str
    """As in the manifest."""
    dataset: str
    """As in the manifest."""
    rain_type: str
    """One of rain_types."""
    origin: str
    """Synthetic or real."""
    role: str
    """Train, val, test or benchmark, as the dataset says."""
    root: str
    """As in the manifest."""
    input: str
    """Relative path of the rainy picture."""
    target: str
    """Relative path of the clean picture."""
    halves: str | None
    """Left or right: the clean half of a picture that holds both."""
    scene_id: str
    """Same for all pairs that no split may part."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    mode: str
    """Stored mode of the rainy file."""
    clean_hash: bytes
    """256-bit difference hash of the clean side."""
    input_hash: str
    """Content hash of the rainy file."""
    target_hash: str
    """Content hash of the clean file."""

    @property
    def rainy(self) -> Picture:
        """The rainy picture."""
        return Picture(self.root, self.input, other_half(self.halves), self.input_hash)

    @property
    def clean(self) -> Picture:
        """The clean picture."""
        return Picture(self.root, self.target, self.halves, self.target_hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class RealPhoto:
    """A verified photo of the real-rain database D_r."""

    PRODUCER: ClassVar[str] = "verified_pairs"

    photo_id: str
    """<dataset>/<relative path without suffix>."""
    dataset: str
    """As in the manifest."""
    root: str
    """As in the manifest."""
    input: str
    """Relative path of the photo."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    mode: str
    """Stored mode of the file."""
    input_hash: str
    """Content hash of the file."""

    @property
    def rainy(self) -> Picture:
        """The photo."""
        return Picture(self.root, self.input, None, self.input_hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A row that left the pipeline, and why."""

    PRODUCER: ClassVar[str] = (
        "raw_datasets, verified_pairs, real_rain_database, query_triplets, vlm_votes, benchmark_scores, baseline_scores"
    )

    pair_id: str
    """As in the manifest, a photo_id for a photo; for an orphan what its id would have been."""
    dataset: str
    """Name of the dataset in params."""
    reason: str
    """One of artefacts.reasons."""
    other: str | None
    """The other pair or the detail that explains the reason."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TripletRow:
    """One picture's triplet (T, f, I); I stands in the file `pictures.npy` beside the table, in the order of the rows."""

    PRODUCER: ClassVar[str] = "real_rain_database, query_triplets"

    id: str
    """Pair_id or photo_id."""
    caption: str
    """T."""
    caption_form: str
    """Which captioner and which form of caption."""
    text_vector: NDArray[np.float32]
    """Encoded caption, not normalised."""
    image_vector: NDArray[np.float32]
    """F, unit length."""
    encoder: str
    """Names and versions of what made the row."""
    input_hash: str
    """Content hash of the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One reference of S(q)."""

    PRODUCER: ClassVar[str] = "retrieved_references"

    pair_id: str
    """The query; a photo_id where a photo of the real-rain database is searched like one."""
    rank: int
    """0 is the best."""
    reference_id: str
    """Photo_id."""
    s_txt: float
    """Caption distance, Eq. 1; smaller is nearer."""
    s_vis: float
    """Image cosine, Eq. 2; larger is nearer."""
    s_perc: float
    """SSIM, Eq. 3; larger is nearer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One judge's answer, Eq. 4."""

    PRODUCER: ClassVar[str] = "vlm_votes"

    pair_id: str
    """The judged pair; a photo_id where a photo of the real-rain database was judged like one."""
    judge: str
    """Name of the judge; statistics/... is a stand-in."""
    vote: bool | None
    """Eq. 4: whether p_yes reaches the threshold; null: abstained."""
    p_yes: float
    """Probability of yes among yes and no."""
    threshold: float
    """Of this judge; 0.5 where it does not follow the real-rain database."""
    mass: float
    """Probability of yes or no among all answers; 1 for a stand-in."""
    reply: str
    """What the judge said."""
    reason: str
    """What moved the judge most."""
    prompt_hash: str
    """Hash of the prompt; for a stand-in of its weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the judges decided together, Eq. 5."""

    PRODUCER: ClassVar[str] = "vlm_votes"

    pair_id: str
    """The judged pair."""
    yes: int
    """Judges that said yes."""
    no: int
    """Judges that said no."""
    abstained: int
    """Judges that did not answer."""
    verdict: bool
    """Eq. 5."""
    calls: int
    """Judges asked until the verdict was certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PyramidRow:
    """Where a pair or photo stands in the pyramid."""

    PRODUCER: ClassVar[str] = "rainrag_split"

    pair_id: str
    """Pair_id, or photo_id of a real photo."""
    level: str
    """Real, distilled or low_fidelity."""
    reason: str
    """Accepted, rejected, decided_by_abstention or real_photo."""
    split: str
    """Train, val, test, unfiltered, held_out (same scene as a held-out pair), thinned or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRow:
    """A pair of a split: what the loader needs, nothing else."""

    PRODUCER: ClassVar[str] = "rainrag_split, training_split, named_benchmarks"

    pair_id: str
    """As in pairs."""
    rain_type: str
    """One of rain_types."""
    scene_id: str
    """As in pairs."""
    root: str
    """As in the manifest."""
    input: str
    """Relative path of the rainy picture."""
    target: str
    """Relative path of the clean picture."""
    halves: str | None
    """Left or right: the clean half of a picture that holds both."""
    input_hash: str
    """Content hash of the rainy file."""
    target_hash: str
    """Content hash of the clean file."""

    @property
    def rainy(self) -> Picture:
        """The rainy picture."""
        return Picture(self.root, self.input, other_half(self.halves), self.input_hash)

    @property
    def clean(self) -> Picture:
        """The clean picture."""
        return Picture(self.root, self.target, self.halves, self.target_hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """What the trainer logged of one rain type at one step."""

    PRODUCER: ClassVar[str] = "trained_checkpoint"

    step: int
    """Training steps done."""
    rain_type: str
    """One of rain_types."""
    train_loss: float | None
    """Mean loss of the crops trained on since the last update of the weights, where they are updated."""
    val_loss: float | None
    """Mean loss of the fixed crops of val, where the reweighter looks at them."""
    slope: float | None
    """Alpha of Eq. 6."""
    tbs: float | None
    """Eq. 7."""
    tss: float | None
    """Eq. 8."""
    af: float | None
    """Eq. 9."""
    weight: float
    """Eq. 10."""
    lr: float
    """Learning rate."""
    psnr: float | None
    """DB on whole pictures of val, by the protocol `unirain`."""
    ssim: float | None
    """Likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One metric of one restored picture."""

    PRODUCER: ClassVar[str] = "benchmark_scores, baseline_scores"

    method: str
    """Variant or method."""
    benchmark: str
    """Name of the scored split."""
    pair_id: str
    """As in pairs."""
    rain_type: str
    """One of rain_types."""
    metric: str
    """Name in the table of metrics, which also holds its unit and direction; one that does not apply has no row."""
    value: float
    """In the metric's unit."""
    protocol: str
    """Exact way of computing."""
    data_hash: str
    """Content hashes of the rainy and the clean file."""
