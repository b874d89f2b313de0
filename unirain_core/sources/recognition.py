"""Recognise the form of a person's own folder: pairs in two folders, pictures of two halves, or photos."""

from collections.abc import Sequence

from unirain_core.errors import ConfigError, ItemError
from unirain_core.imaging.codec import read_rgb, to_float
from unirain_core.imaging.colour import luma
from unirain_core.imaging.geometry import half_of, phase_correlation
from unirain_core.sources.catalogue import Catalogue
from unirain_core.sources.datasets import nearest_layouts
from unirain_core.sources.listing import list_pairs
from unirain_core.sources.tree import Tree

LOOKED_AT = 5
"""Pictures that are opened to see whether each shows a scene twice, side by side."""

SAME_SCENE = 0.1
"""Two halves show one scene if the peak of their phase correlation is at least this. On 100 pairs of Rain100H wrong partners reach
0.03, and rainy and clean partners 0.3 and more."""

LEAST = 0.5
"""A folder counts as paired if at least this share of its pictures belongs to pairs; with a smaller share a person is asked."""

_CLEAN = {"target", "gt", "clean", "groundtruth", "norain", "hq", "clear"}
"""Folders of clean pictures, as the catalogue's entry `paired` names them."""


def recognise(tree: Tree, catalogue: Catalogue, clean: str) -> str:
    """The generic entry of the catalogue that fits a tree.

    Args:
        tree: of the folder.
        catalogue: with its entries `paired`, `halves-left`, `halves-right` and `photos`.
        clean: the clean half, where a person says so.

    Raises:
        ConfigError: there is no picture, or it cannot be told how the pictures belong together.
    """
    pictures = list(tree.pictures())
    if not pictures:
        raise ConfigError(f"no picture stands below {tree.root}; give the folder that holds the pictures")
    if clean:
        return f"halves-{clean}"
    listing = list_pairs(catalogue.records["paired"].layouts, tree)
    share = 2 * len(listing.listed) / len(pictures)
    if share >= LEAST:
        return "paired"
    named = [f"{name} ({part:.0%})" for name, part in nearest_layouts(tree, catalogue) if name != "paired"]
    if named or listing.listed:
        fits = f"; entries that find pairs: {', '.join(named[:5])}" if named else ""
        raise ConfigError(
            f"{tree.root}: {len(listing.listed)} of {len(pictures)} pictures are rainy ones with a clean partner where "
            f"`unirain datasets paired` says{fits}; give the entry with --layout, or the folder that holds the two folders"
        )
    clean_ones = [path for path in pictures if _CLEAN & {part.lower() for part in path.split("/")[:-1]}]
    if listing.refused and clean_ones:
        raise ConfigError(
            f"{tree.root}: no rainy picture has a clean partner of its name, but {len(clean_ones)} pictures stand among clean "
            f"ones, the first is {clean_ones[0]}; give partners one name, or `--layout photos` if all pictures are rainy"
        )
    if _are_halves(tree, pictures):
        raise ConfigError(
            f"{tree.root}: the pictures hold two views of one scene side by side; give the clean one: --clean left or "
            "--clean right"
        )
    return "photos"


def _are_halves(tree: Tree, pictures: Sequence[str]) -> bool:
    """Whether most of a few pictures show one scene twice."""
    few = pictures[:: max(1, len(pictures) // LOOKED_AT)][:LOOKED_AT]
    votes = [_shows_a_scene_twice(tree, path) for path in few]
    return 2 * sum(votes) > len(votes)


def _shows_a_scene_twice(tree: Tree, path: str) -> bool:
    try:
        pixels = read_rgb(tree.place(tree.picture(path)), max_pixels=10**8)
    except (ItemError, OSError):
        return False
    if min(pixels.shape[:2]) < 32:  # too small to correlate
        return False
    left, right = (luma(to_float(half_of(pixels, side))) for side in ("left", "right"))
    return phase_correlation(left, right).peak >= SAME_SCENE
