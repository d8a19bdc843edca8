"""Back through a network from unit to unit, by the strongest evidence: CNN Fixations' core.

    traced = unravel(tape.operations, {tape.result: units})     # the pixels that the scores rest on

One file per kind of layer; `walk.py` says which operation goes by which rule.
"""

from .units import Choices, Traced, Units
from .walk import RULES, start_units, unravel

__all__ = ["RULES", "Choices", "Traced", "Units", "start_units", "unravel"]
