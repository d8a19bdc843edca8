"""How sure a table can be: intervals, paired tests, ranks, the human ceiling, what n can show.

The unit is the image. For the same number of images, draws and seed the same images are drawn, so
intervals of several methods rest on the same draws and their differences are paired. Draws are made
in blocks: memory beside the result does not grow with images times draws.

Importing this package loads numpy and nothing heavier.
"""

from bench.statistics.bootstrap import (
    DRAWS,
    MeanInterval,
    PairedDifference,
    bootstrap_mean,
    bootstrap_means,
    bootstrap_share,
    ceiling_share,
    compare_paired,
    effect_size,
    interval,
)
from bench.statistics.crossed import crossed_means
from bench.statistics.paired_tests import (
    EXACT_IMAGES,
    FLIPS,
    holm,
    sign_flip_pvalues,
    wilcoxon_pvalues,
)
from bench.statistics.power import POWER, detectable_effect, images_needed
from bench.statistics.ranks import RankStability, rank_stability, ranks
from bench.statistics.reliability import spearman_brown

__all__ = [
    "DRAWS",
    "EXACT_IMAGES",
    "FLIPS",
    "POWER",
    "MeanInterval",
    "PairedDifference",
    "RankStability",
    "bootstrap_mean",
    "bootstrap_means",
    "bootstrap_share",
    "ceiling_share",
    "compare_paired",
    "crossed_means",
    "detectable_effect",
    "effect_size",
    "holm",
    "images_needed",
    "interval",
    "rank_stability",
    "ranks",
    "sign_flip_pvalues",
    "spearman_brown",
    "wilcoxon_pvalues",
]
