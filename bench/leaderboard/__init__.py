"""Scores of all images -> the leaderboard and the paired comparisons, as tidy tables."""

from bench.leaderboard._comparisons import comparisons, ranking_sentence
from bench.leaderboard._leaderboard import leaderboard
from bench.leaderboard._table import BASELINE, REPRODUCIBLE, ROW, SCORE_COLUMNS

__all__ = [
    "BASELINE",
    "REPRODUCIBLE",
    "ROW",
    "SCORE_COLUMNS",
    "comparisons",
    "leaderboard",
    "ranking_sentence",
]
