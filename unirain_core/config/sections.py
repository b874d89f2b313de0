"""The sections of params.yaml as frozen dataclasses; what each value means stands under it."""

import re
from dataclasses import dataclass, field
from typing import Annotated, Literal, NewType

from annotated_types import Ge, Gt, Le, MaxLen, MinLen

RainType = NewType("RainType", str)
"""Short name of a rain type (paper: drs, drd, nrs, nrd). The key `rain_types` of params lists the valid names."""

Count = Annotated[int, Ge(1)]
Share = Annotated[float, Ge(0), Le(1)]
Positive = Annotated[float, Gt(0)]
Seed = Annotated[int, Ge(0), Le(2**63 - 1)]
"""NumPy takes no negative seed, torch none above 64 bits."""
Side = Annotated[int, Ge(1), Le(4096)]
"""Pixels of a picture or crop that is held in memory many times at once."""
Depth = Annotated[int, Ge(1), Le(64)]
"""Blocks or heads; the largest of the paper profile is 8, and a network of thousands would be built for hours."""

CaptionerName = NewType("CaptionerName", str)
TextEncoderName = NewType("TextEncoderName", str)
ImageEncoderName = NewType("ImageEncoderName", str)
JudgeName = NewType("JudgeName", str)
"""Names of what makes captions, vectors and votes; what there is stands in `stages/encoders.py` and `stages/judges.py`."""
StoreName = Literal["edge", "server", "memory"]
Routing = Literal["none", "soft", "hard"]
Preset = Literal["printed", "gated", "abs", "magnitude", "fixed_af", "no_tss", "no_tbs", "uniform"]
ProtocolName = Literal["unirain", "unirain_test", "skimage_rgb"]

DATASET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*")
"""No slash, so that ids of two datasets never meet: `mine` with `sub/1.png` and `mine/sub` with `1.png` were one id.
`scene` is taken: it marks the scene keys that all datasets share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleCorpus:
    """A corpus rendered over photographs that ship inside scikit-image and scikit-learn."""

    seed: Seed
    """Every picture is a function of this seed and of its place in the corpus."""
    height: Annotated[int, Ge(64), Le(4096)] = 256
    width: Annotated[int, Ge(64), Le(4096)] = 384
    """Size of every picture in pixels; the statistics judges are defined at 256 x 384."""
    pairs_per_type: Annotated[int, Ge(2)] = 60
    """Labelled pairs of each rain type, planted low-fidelity ones included; one in seven is for testing."""
    planted_share: Share = 0.25
    """Share of the pairs whose rain is of low fidelity on purpose."""
    real_per_type: Count = 16
    """Unlabelled 'real' photos of each rain type, from the richer rendering path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One dataset of the pool: which layout it has and under which root it lies."""

    layout: str
    """Id of an entry of the catalogue (`unirain_core/sources/catalogue.yaml`)."""
    root: str
    """Key of a sample corpus, or of `roots.local.yaml`."""
    folder: str = ""
    """Folder below the root; empty: the root itself."""
    rain_types: tuple[str, ...] = ()
    """Overrides the layout's types; empty: the layout decides."""
    origin: Literal["", "synthetic", "real"] = ""
    """Overrides the catalogue's origin; empty: the catalogue decides."""
    role: Literal["", "train", "val", "test", "benchmark", "real"] = ""
    """Overrides what the layout's split rule says. `real` makes it a part of the real-rain database. Pairs of role `benchmark` are
    scored by `benchmarks`, and are neither judged nor drawn."""
    test_part: Literal["test", "benchmark"] = "test"
    """Role of the pairs that the layout's split rule calls test; the rule decides about the others."""
    pair_rule: tuple[str, str] | None = None
    """For a tree that no layout takes, with `layout: paired`: a pattern of the rainy pictures' paths below the folder, and what it
    becomes for the clean one, such as ['wet/(.+)_r', 'dry/\\1_c']. Suffixes are left out of both: they may differ."""
    scene_rule: tuple[str, str] | None = None
    """Pattern and replacement that give a scene key from the relative input path. Unlike the layout's
    own group rule, the key is shared by all datasets that name one."""
    quota: Count | None = None
    """The most training pairs, or photos, of the dataset that enter the pool; absent: all.

    They are spread over as many scenes as possible, since sets of patches and videos hold few scenes in many pictures. Pairs for
    validation and testing always enter.
    """
    optional: bool = False
    """Whether the pool may do without it: where its root has no folder on this machine it is left out, with a line in the report."""

    def __post_init__(self) -> None:
        if self.role and self.test_part != "test":
            raise ValueError(
                f"test_part: {self.test_part} is not used beside role: {self.role}, which all pairs have; remove one of them"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class RawDatasets:
    """The datasets of the pool, and the place of mixtures."""

    mixture_policy: Literal["drop", "streak", "exclude"] = "drop"
    """Type of a picture that shows streaks and drops (paper gap): the drop type, the streak type, or neither."""
    quota_seed: Seed = 0
    """Draws the pairs that a dataset's quota admits."""
    datasets: dict[str, Dataset]
    """By name; a name begins the id of every pair of the dataset."""

    def __post_init__(self) -> None:
        for name in self.datasets:
            if not DATASET_NAME.fullmatch(name) or name == "scene":
                raise ValueError(
                    f"{name!r} cannot name a dataset: a name is letters, digits, `_`, `-` and single dots, begins with "
                    "a letter or a digit, and is not `scene`; rename the key in params.yaml"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """The alignment bounds of one dataset; an omitted bound takes the value of `verified_pairs`."""

    aligned_peak: Share | None = None
    """As `verified_pairs.aligned_peak`."""
    max_offset: Annotated[int, Ge(0)] | None = None
    """As `verified_pairs.max_offset`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedPairs:
    """Integrity: thresholds of the checks that run before any model (`distill/integrity.py`)."""

    min_side: Count = 64
    """Smaller pictures are dropped; pixels."""
    max_pixels: Count = 100_000_000
    """Larger pictures are dropped unread; pixels."""
    aligned_peak: Share = 0.1
    """Phase correlation peak below which the clean picture is another scene's."""
    max_offset: Annotated[int, Ge(0)] = 0
    """Offset of the correlation peak, in pixels, from which a pair is misaligned."""
    per_dataset: dict[str, Alignment] = field(default_factory=dict)
    """Name of a dataset in `raw_datasets` to its own `aligned_peak` and `max_offset`: hand-held real pairs lie worse."""
    least_rain: Annotated[float, Ge(0), Le(50)] = 4.0
    """Strength of the rain, about grey levels, below which a pair shows none: re-encoded and resampled copies reach
    3.3 (`python -m benchmarks.no_rain`), the weakest of 117 public pairs 7.9;
    beyond 50 light rain is no rain."""
    near_duplicate_bits: Annotated[int, Ge(0), Le(100)] = 30
    """Clean pictures whose 256-bit difference hashes differ in at most so many bits are the same. Strangers differ in
    about half of the bits: beyond 100 more than one of 3,600 comparisons (binomial) would join two of them."""
    night_luma: Share = 0.2
    """Median luma of the clean side below which a scene of unstated daytime counts as night."""

    def __post_init__(self) -> None:
        if self.min_side**2 > self.max_pixels:
            raise ValueError(
                f"min_side {self.min_side} squared exceeds max_pixels {self.max_pixels}: no picture would pass"
            )

    def alignment(self, dataset: str) -> tuple[float, int]:
        """The peak and the offset that hold for a dataset."""
        own = self.per_dataset.get(dataset, Alignment())
        peak = self.aligned_peak if own.aligned_peak is None else own.aligned_peak
        offset = self.max_offset if own.max_offset is None else own.max_offset
        return peak, offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoders:
    """The encoders that make a picture's triplet (caption, image vector, picture)."""

    captioner: CaptionerName = CaptionerName("statistics")
    text_encoder: TextEncoderName = TextEncoderName("statistics")
    image_encoder: ImageEncoderName = ImageEncoderName("statistics")
    structure_side: Annotated[int, Ge(16), Le(1024)] = 128
    """Side in pixels of the square grey picture that Eq. (3) compares (paper gap)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryCaptions:
    """How a query's caption is refined before captions are compared (paper gap); captions of D_r are not refined."""

    form: Literal["plain", "keyphrases", "rewritten"] = "plain"
    """`plain`: as the captioner wrote it; `keyphrases`: its nearest phrases, by the text encoder, are added; `rewritten`: a language
    model makes one sentence of caption and phrases."""
    phrases: Annotated[int, Ge(1), Le(20)] = 5
    """The most phrases of each caption."""
    rewriter: str | None = None
    """Name in `encoder_models`."""

    def __post_init__(self) -> None:
        if (self.form == "rewritten") != (self.rewriter is not None):
            raise ValueError("form: rewritten needs a rewriter, and no other form has one")


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorStore:
    """Where the real-rain database is searched."""

    engine: StoreName = "edge"
    """`edge`: Qdrant's embedded engine; `server`: a Qdrant server at UNIRAIN_QDRANT_URL; `memory`: plain NumPy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievedReferences:
    """The numbers of Eqs. (1) to (3) (paper gap: K1, K2, K3)."""

    keep_semantic: Count = 12
    """K1: photos that stay after the caption distance, smallest first."""
    keep_visual: Count = 6
    """K2: photos that stay after the image cosine."""
    keep_structural: Count = 3
    """K3: references that stay after SSIM."""
    text_norm: Literal["raw", "unit"] = "raw"
    """Whether caption vectors are normalised before Eq. (1) (paper gap; the literal reading is raw)."""

    def __post_init__(self) -> None:
        if not self.keep_semantic >= self.keep_visual >= self.keep_structural:
            raise ValueError("keep_semantic >= keep_visual >= keep_structural must hold")


@dataclass(frozen=True, slots=True, kw_only=True)
class VlmVotes:
    """The judges of Eq. 4; the paper has three."""

    judges: Annotated[tuple[JudgeName, ...], MinLen(1)]
    """In the order in which they are asked: an odd number, so that there is always a majority."""
    accept_share: Annotated[float, Gt(0), Le(1)] | None = None
    """Share of the real photos that each judge must accept, each photo against references among the others: that sets
    its threshold without labels, and the threshold follows the database. None: yes from p_yes = 0.5 on."""

    early_stop: bool = False
    """Whether a judge is asked only about pairs of which it can still change the verdict, or the reason beside it."""
    ask_all_share: Annotated[float, Ge(0), Le(1)] = 0.05
    """Share of all pairs about which every judge is asked in spite of an early stop; they are drawn by a hash of their ids.

    Agreement can be measured on such pairs alone. Every judge is also asked about pairs that people have labelled (folder
    `labels/`).
    """
    flips_abstain: bool = False
    """Whether every question about a pair is asked twice, the second time with the references in reverse order.

    Where the two votes differ, the judge abstains (`unstable`). This doubles the calls.
    """

    def __post_init__(self) -> None:
        if len(set(self.judges)) != len(self.judges):
            raise ValueError("judges: each must be another one")
        if len(self.judges) % 2 == 0:
            raise ValueError(f"judges: an odd number of them is needed (found {len(self.judges)})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """The number of pairs that a held-out split takes."""

    per_type: Count
    """Pairs of each rain type."""
    per_scene: Count
    """Pairs of one rain type and one scene (paper gap: how its test pairs were drawn)."""
    max_share: Annotated[float, Gt(0), Le(1)] = 1.0
    """Of the pairs of a rain type that it may draw from, at most this share: a scarce type keeps some to train on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RainragSplit:
    """The way from the accepted pairs to the RainRAG split."""

    seed: int
    unfiltered: Draw
    """Drawn before any verdict is looked at: shows what filtering the test set does."""
    test: Draw
    """The paper: 100 per type."""
    val: Draw
    """Feeds the reweighter and the choice of the checkpoint."""
    train_per_type: Annotated[int, Ge(0)] = 0
    """Thin the training pairs to so many of each type; 0: keep all."""
    uniform_over_datasets: bool = False
    """Whether the datasets of a rain type take turns, in the held-out draws and where training pairs are thinned. Otherwise a dataset
    has about the share that it has in the pool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One asymmetric mixture-of-experts network (`model/network.py`).

    Upper bounds are ten times the values of the paper profile or more: a stranger's checkpoint must not make this program build for hours.
    """

    dim: Annotated[int, Ge(2), Le(512)]
    """Channels of the first level."""
    blocks: Annotated[tuple[Depth, ...], MinLen(2), MaxLen(6)]
    """Transformer blocks of each level, the deepest last."""
    refinement: Depth
    """Blocks after the decoder's first level."""
    heads: Annotated[tuple[Depth, ...], MinLen(2), MaxLen(6)]
    """Attention heads of each level before they are shared out to the experts."""
    ffn_expansion: Annotated[float, Gt(0), Le(16)]
    """Inner width of a block's feed-forward part, as a multiple of its channels."""
    encoder: Routing = "soft"
    """Eqs. (11), (12); `none` is one attention of the same total width (Table 6)."""
    decoder: Routing = "hard"
    """Eqs. (13), (14)."""
    encoder_widths: Annotated[tuple[Share, ...], MinLen(1), MaxLen(16)] = (0.125, 0.25, 0.5)
    """Inner width of each expert as a share of the block's channels (the paper: distinct capacity)."""
    decoder_widths: Annotated[tuple[Share, ...], MinLen(1), MaxLen(16)] = (0.125, 0.25, 0.5)
    active: Annotated[int, Ge(1), Le(16)] = 2
    """k of Eq. (13)."""
    renormalise: bool = False
    """Whether the k routes are scaled to sum to 1; Eq. (14) as printed does not."""
    noise_std: Annotated[float, Ge(0), Le(10)] = 0.0
    """Standard deviation of the noise on the pooled features, in training only (paper gap)."""
    shuffle: Annotated[int, Ge(1), Le(8)] = 1
    """Pixel-unshuffle factor of the stem; 1: full resolution (paper gap)."""

    @property
    def multiple(self) -> int:
        """Sides that the stem and the levels can divide without a rest are multiples of this."""
        return self.shuffle << (len(self.blocks) - 1)

    def __post_init__(self) -> None:
        if len(self.blocks) != len(self.heads) or len(self.blocks) < 2:
            raise ValueError("blocks and heads must name the same number of levels, at least two")
        if self.dim % 2:
            raise ValueError("dim must be even: each level down halves the channels before it unshuffles")
        if int(self.dim * self.ffn_expansion) < 1:
            raise ValueError("ffn_expansion times dim must be at least 1")
        for routing, widths in ((self.encoder, self.encoder_widths), (self.decoder, self.decoder_widths)):
            if not widths or min(widths) <= 0:
                raise ValueError("encoder_widths and decoder_widths must be positive, one for each expert")
            if routing == "hard" and self.active > len(widths):
                raise ValueError("active must not exceed the number of experts of a hard side")


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """The way in which per-type losses are combined (Eqs. 6 to 10; `reweight/`)."""

    preset: Preset = "gated"
    """Reading of Eq. (9), or what an ablation puts in its place (`reweight.presets`, decision 0004)."""
    window_size: Annotated[int, Ge(2)] = 10
    """N of Eqs. (6) and (8), in updates."""
    tau: Positive = 5.0
    """Temperature of Eq. (9)."""
    update_every: Count = 1000
    """Training steps between two updates of the weights (paper gap: the unit of t)."""
    source: Literal["train", "val"] = "val"
    """Losses that the reweighter sees: interval means of the training, or the validation crops."""
    reference: Literal["first", "first_window", "none"] = "first"
    """The divisor of a type's losses: its first one, the mean of its first window, or 1 (paper gap: 'normalised losses')."""
    af_logit_cap: Annotated[float, Gt(0)] | None = 5.0
    """Upper bound of the logit of Eq. (9); null: none, which `printed` asks for.

    It matters to `abs`, where one burst of fast convergence would keep AF at 0 for ever. Logits of `gated` and `magnitude` are
    never positive.
    """
    af_decay: Annotated[float, Gt(0), Le(1)] = 1.0
    """The past of Eq. (9) is multiplied by it at each update; 1: nothing is forgotten, as printed."""
    fixed_af: Annotated[float, Ge(0), Le(1)] = 0.5
    """AF of the preset `fixed_af` (paper gap: the constant of Figure 7)."""
    min_weight: Annotated[float, Ge(0)] = 0.0
    """Floor of every weight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One training: it gives one checkpoint and one MLflow run."""

    split: str
    """Name of a training split."""
    network: str
    """Key of `networks`."""
    strategy: str
    """Key of `strategies`."""
    seed: Seed = 0
    """Initial weights, order of the pairs, crops and noise are functions of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """The trainer; the same for all variants."""

    steps: Count
    batch_per_type: Annotated[int, Ge(1), Le(4096)]
    """Crops of each rain type in a batch: batches are stratified."""
    patch: Side
    """Side of a training crop in pixels."""
    augmentation: Literal["turned", "mirrored"] = "turned"
    """Crops are mirrored, and turned by 90 degrees too (the paper's code) or not: rain falls down."""
    clean_share: Annotated[float, Ge(0), Le(1)] = 0.0
    """Share of the crops whose input is the clean picture too, so that the network leaves dry pictures alone."""
    learning_rate: Annotated[float, Gt(0), Le(0.1)]
    """Peak of the schedule. AdamW moves each weight by about so much a step, and a convolution begins with weights of
    0.3 at most: beyond 0.1 a few steps replace them all."""
    final_learning_rate: Annotated[float, Ge(0)] = 0.0
    """The rate at which the schedule's cosine ends."""
    warmup_steps: Annotated[int, Ge(0)]
    """Steps in which the rate rises to `learning_rate`; fewer than `steps`."""
    weight_decay: Annotated[float, Ge(0)] = 1e-4
    gradient_clip: Positive | None = 1.0
    """The largest norm of a step's gradient; a larger one is scaled down. null: no clipping."""
    loss: Literal["l1", "rmse"] = "l1"
    """Pixel loss of one crop: mean absolute error (the authors' code) or root of the mean squared error."""
    validate_every: Count
    """Steps between two looks at `val`."""
    val_crops_per_type: Count = 16
    """Fixed centre crops of `val` that the reweighter sees."""
    val_pictures_per_type: Count = 4
    """Whole pictures of `val` whose PSNR decides which checkpoint is the best."""
    save_every: Count
    """Steps between two resume states."""
    mixed_precision: Literal["no", "bf16"] = "no"
    compile: bool = False

    def __post_init__(self) -> None:
        if self.warmup_steps >= self.steps:
            raise ValueError(
                f"warmup_steps {self.warmup_steps} must be less than steps {self.steps}: "
                "the learning rate would never reach its peak"
            )
        if self.final_learning_rate > self.learning_rate:
            raise ValueError(
                f"final_learning_rate {self.final_learning_rate} must not exceed learning_rate {self.learning_rate}: "
                "the schedule falls"
            )
        if self.learning_rate * self.weight_decay >= 1:
            raise ValueError(
                f"learning_rate {self.learning_rate} times weight_decay {self.weight_decay} must be less than 1: "
                "a step takes that share away from each weight"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """Something that is scored and has no checkpoint of ours."""

    kind: Literal["input"]
    """`input`: the rainy picture itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkScores:
    """The way in which restored pictures are scored (`imaging/protocols.py`)."""

    protocol: ProtocolName = "unirain"
    splits: tuple[Literal["test", "unfiltered"], ...] = ("test", "unfiltered")

    def __post_init__(self) -> None:
        if not self.splits or len(set(self.splits)) != len(self.splits):
            raise ValueError(
                f"splits must name test, unfiltered or both, each once; found {list(self.splits)}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """The page of restored pictures."""

    per_type: Annotated[int, Ge(1), Le(100)] = 1
    """Rows of each rain type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeTrust:
    """The page that measures the judges on pairs whose quality is known (`stages/judge_trust.py`)."""

    seed: Seed = 0
    """Draws the half of the labelled pairs on which Platt scaling is fitted."""
    bins: Annotated[int, Ge(2), Le(50)] = 10
    """Bins of the reliability diagrams."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The page of Figure 6b (`distill/coverage.py`)."""

    neighbours: Annotated[int, Ge(1), Le(100)] = 5
    """k: a real photo's neighbourhood reaches to its k-th nearest other one (Naeem et al. 2020 have 5)."""
    points: Annotated[int, Ge(1), Le(5000)] = 300
    """Pictures of each set that the maps show; the figures are of all."""
    umap: bool = False
    """Whether there is a map of UMAP too; its library is installed by `pip install umap-learn`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataAblation:
    """`unirain ablate data`: proxies that are trained on mixtures of the pool (`training/proxies.py`)."""

    steps: Annotated[int, Ge(2)] = 300
    """Training steps of a proxy."""
    longer: Annotated[int, Ge(2), Le(1000)] = 4
    """Some mixtures are trained so many times longer as well, which shows whether the order of the proxies stays the same."""
    mixtures_longer: Annotated[int, Ge(2), Le(100)] = 6
    """How many mixtures are trained longer as well; they are evenly spaced from the best proxy to the worst."""
    seeds: Annotated[int, Ge(1), Le(100)] = 3
    """Proxies of each mixture; the report gives their mean and spread."""
    pairs_per_type: Count = 24
    """Pairs of each rain type in a mixture, or fewer where there are not so many."""
    batch_per_type: Annotated[int, Ge(1), Le(4096)] = 2
    """As in `training`."""
    patch: Annotated[int, Ge(16), Le(4096)] = 48
    """As in `training`."""
    learning_rate: Annotated[float, Gt(0), Le(0.1)] = 3e-3
    """As in `training`."""
    val_pictures_per_type: Count = 4
    """Pictures of `val` on which a proxy is measured."""
