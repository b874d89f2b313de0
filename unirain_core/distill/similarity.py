"""The three similarities between a query and the photos of the real-rain database."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unirain_core.imaging.ssim import gaussian_ssim

Float64Array = NDArray[np.float64]


def semantic_distance(
    query: NDArray[np.floating[Any]], references: NDArray[np.floating[Any]]
) -> Float64Array:
    """Caption distance s_txt, Eq. (1).

    The paper calls it a similarity and keeps the highest; the formula is a distance, so smaller is nearer.

    Args:
        query: (D,) encoded caption of the query; normalised or not, as the caller decides (paper gap).
        references: (R, D) encoded captions.

    Returns:
        (R,) Euclidean distances, at least 0; **smaller is nearer**.

    >>> semantic_distance(np.array([0.0, 0.0]), np.array([[3.0, 4.0], [0.0, 1.0]]))
    array([5., 1.])
    """
    difference = references.astype(np.float64) - query.astype(np.float64)
    distances: Float64Array = np.sqrt((difference * difference).sum(axis=-1))
    return distances


def visual_cosine(query: NDArray[np.floating[Any]], references: NDArray[np.floating[Any]]) -> Float64Array:
    """Cosine of the image vectors s_vis, Eq. (2).

    Args:
        query: (D,) image vector of the query, of any length.
        references: (R, D) image vectors.

    Returns:
        (R,) in [-1, 1], larger is nearer; 0 where a vector is 0.

    >>> visual_cosine(np.array([2.0, 0.0]), np.array([[5.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]))
    array([ 1.,  0., -1.])
    """
    cosines: Float64Array = (unit(references) * unit(query)).sum(axis=-1)
    return cosines


def structural_similarity(query: NDArray[np.uint8], references: NDArray[np.uint8]) -> Float64Array:
    """SSIM of the grey pictures s_perc, Eq. (3).

    The paper leaves size and window open; here all pictures have one size and the window is the
    Gaussian one of Wang et al. (2004).

    Args:
        query: (S, S) grey, 0 to 255, S at least 11.
        references: (R, S, S) grey.

    Returns:
        (R,) in [-1, 1], larger is nearer.
    """
    return gaussian_ssim(query, references, peak=255.0)


def unit(vectors: NDArray[np.floating[Any]]) -> Float64Array:
    """Vectors of length 1 along the last axis, in float64; 0 stays 0.

    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    wide = vectors.astype(np.float64)
    length = np.sqrt((wide * wide).sum(axis=-1, keepdims=True))
    scaled: Float64Array = np.divide(wide, length, out=np.zeros_like(wide), where=length > 0)
    return scaled
