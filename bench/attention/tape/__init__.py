"""The tape: one forward pass of any network, and what methods read from it.

with Tape(network, images, targets) as tape:
    f = tape.activation("conv5")                      # (N, C, h, w)
    g = tape.gradient("conv5")                        # d logit / d f
    guided = tape.image_gradient(rule=Guided())       # (N, 3, H, W)
    p = tape.excitation("conv4", rule=Excitation())   # (N, C, h, w)
"""

from .grids import reduce_channels, upsample
from .rules import Excitation, Gradient, Guided, Rule
from .tape import Tape

__all__ = ["Excitation", "Gradient", "Guided", "Rule", "Tape", "reduce_channels", "upsample"]
