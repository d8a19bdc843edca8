"""Scores of all images -> the leaderboard and the paired comparisons, as tidy tables."""

from bench.leaderboard._comparisons import comparisons, ranking_sentence
from bench.leaderboard._leaderboard import leaderboard
from bench.leaderboard._table import is_control

__all__ = ["comparisons", "is_control", "leaderboard", "ranking_sentence"]
