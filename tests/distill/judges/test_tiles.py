"""InternVL's tiles against the authors' preprocessing, written anew from its description (arXiv 2404.16821, 3.3)."""

import numpy as np
import pytest
from PIL import Image

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
transformers = pytest.importorskip("transformers")
from tests.distill.judges.golden_models import authors_configuration  # noqa: E402
from tests.distill.judges.tiny import write_json  # noqa: E402
from unirain_core.distill.judges import internvl_questions  # noqa: E402
from unirain_core.distill.judges.internvl_questions import image_processor, most_tiles  # noqa: E402

SIDE = 28


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiles")
    write_json(folder / "config.json", authors_configuration(9))
    return image_processor(folder)


def grid_of(width, height, most):
    """Columns and rows: the nearest shape of at most so many tiles; of equally near ones a larger one if the picture has more
    than half its pixels."""
    shapes = {
        (columns, rows)
        for columns in range(1, most + 1)
        for rows in range(1, most + 1)
        if columns * rows <= most
    }
    best, nearest = (1, 1), float("inf")
    for columns, rows in sorted(shapes, key=lambda shape: shape[0] * shape[1]):
        distance = abs(width / height - columns / rows)
        is_large_enough = width * height > 0.5 * SIDE * SIDE * columns * rows
        if distance < nearest or (distance == nearest and is_large_enough):
            best, nearest = (columns, rows), distance
    return best


def tiles_of(picture, most):
    """The pieces from the top left on, and the whole where there are several."""
    image = Image.fromarray(picture)
    columns, rows = grid_of(*image.size, most)
    large = image.resize((columns * SIDE, rows * SIDE), Image.Resampling.BICUBIC)
    pieces = []
    for row in range(rows):
        for column in range(columns):
            left, top = column * SIDE, row * SIDE
            pieces.append(large.crop((left, top, left + SIDE, top + SIDE)))
    if len(pieces) > 1:
        pieces.append(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    normal = [(np.asarray(piece) / 255 - mean) / std for piece in pieces]
    return np.stack(normal).transpose(0, 3, 1, 2)


def rendered(images, picture, most):
    out = images(
        Image.fromarray(picture),
        return_tensors="np",
        crop_to_patches=most > 1,
        min_patches=1,
        max_patches=most,
    )
    return np.asarray(out["pixel_values"])


SHAPES = [(40, 60), (60, 40), (28, 28), (90, 30), (30, 170), (56, 112), (100, 101), (63, 95)]


@pytest.mark.parametrize("most", [1, 2, 4, 6])
@pytest.mark.parametrize("shape", SHAPES)
def test_pixels_of_all_tiles_are_those_of_the_authors(shape, most, images):
    picture = np.random.default_rng(sum(shape)).integers(0, 256, (*shape, 3), dtype=np.uint8)
    expected = tiles_of(picture, most)

    np.testing.assert_allclose(rendered(images, picture, most), expected, atol=2e-6)
    assert len(expected) <= most_tiles(most)


def test_the_processor_is_the_one_of_pillow_also_where_torchvision_is_there(images):
    assert type(images) is transformers.GotOcr2ImageProcessorPil
    assert internvl_questions.PROCESSOR == type(images).__name__
