"""The complete trials of a recording that broke off, and what was lost with the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.gaze.trials import trial_lines

if TYPE_CHECKING:
    import pandas as pd


def salvaged_trials(trials: pd.DataFrame, expected: int | None) -> pd.DataFrame:
    """`trials` (from `find_trials`) of a recording that was cut, judged anew.

    The trial that was running at the cut keeps its problem, so that its fixations get the status
    `bad_trial`, but is no error, and neither are trials that `expected` (how many the whole
    recording has, if known) says are missing. A trial before it with a problem still is one, and
    so is a recording without any complete trial. `attrs["salvaged"]` holds the counts.
    """
    problems = trials["problem"].notna()
    running = len(trials) > 0 and bool(problems.iloc[-1])
    bad = trials[problems].iloc[:-1] if running else trials[problems]
    complete = int((~problems).sum())
    counts: dict[str, Any] = {
        "complete_trials": complete,
        "trial_cut_off": trials["trial_label"].iloc[-1] if running else None,
        "expected_trials": expected,
    }
    errors = []
    if not complete:
        errors.append("no complete trial before the recording broke off: nothing to salvage")
    elif len(bad):
        errors.append(
            f"{len(bad)} of {len(trials)} trials cannot be used, the one that broke off not "
            f"counted:\n{trial_lines(bad)}"
        )
    told = f"incomplete (salvaged): {complete} complete trial(s)"
    if expected is not None:
        told += f" of {expected}"
    if running:
        told += f"; trial {counts['trial_cut_off']} broke off and is left out"
    result = trials.copy()
    warnings = [*trials.attrs.get("warnings", []), told]
    result.attrs = {**trials.attrs, "errors": errors, "warnings": warnings, "salvaged": counts}
    return result
