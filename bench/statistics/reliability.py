"""What a split half says about the whole."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def spearman_brown(correlation: ArrayLike) -> NDArray[np.float64]:
    """2 r / (1 + r): the correlation of two whole groups, from that of two halves of one, r.

    For correlations only, no other score lengthens so. A correlation of 0 or less has nothing to
    extend and stays as it is.

    Source: Spearman 1910; Brown 1910, British Journal of Psychology 3.

    >>> spearman_brown([0.5, 1.0, -0.2]).round(4).tolist()
    [0.6667, 1.0, -0.2]
    """
    r = np.asarray(correlation, dtype=np.float64)
    return np.where(r > 0, 2 * r / (1 + np.maximum(r, 0)), r)
