"""Names of the control rows: every method once more, on the network before any training.

A method that explains what a network has learned must give other maps when the network has learned
nothing (Adebayo et al. 2018, Sanity Checks for Saliency Maps). The control of the method `gradcam`
is the row, and the file, `gradcam_random`; of its map `dense_conv54` it is `dense_conv54_random`.
"""

SUFFIX = "_random"


def control_of(name: str) -> str:
    """The id of a method's, or a map's, control.

    >>> control_of("dense_conv54")
    'dense_conv54_random'
    """
    return name + SUFFIX


def is_control(name: str) -> bool:
    """Whether a method or map of this name is a control; no other may end like one."""
    return name.endswith(SUFFIX)


def controlled(name: str) -> str:
    """The method, or map, that a control belongs to; the name itself where it is none."""
    return name.removesuffix(SUFFIX)
