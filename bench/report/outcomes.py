"""What became of every row of the report: scored, failed, not run, or not for that network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bench.controls import is_control
from bench.errors import BenchError
from bench.maps import open_maps, stored_fingerprint

SCORED, FAILED, NOT_RUN, NOT_APPLICABLE = "scored", "failed", "not run", "does not apply"
# Three different things, in three signs that stay apart in grey, in print and read aloud.
MARKS = {FAILED: "✕", NOT_RUN: "…", NOT_APPLICABLE: "∅"}
VERBS = "attend|external|fit-cam|score"


@dataclass(frozen=True)
class Outcome:
    """`state` is one of the four above, `reason` says why there are no scores ("" where scored)."""

    state: str
    reason: str = ""

    @property
    def mark(self) -> str:
        """The sign of the state in tables; "" for what is scored."""
        return MARKS.get(self.state, "")


def outcome(folder: Path, model: str, method: str) -> Outcome:
    """What became of one row (network, method) of the results in `folder` (results/{dataset}).

    `method` may be a control's name or, with the model `baseline`, a baseline's. The map file says
    why a method failed or does not apply; where it is absent, the log of the job that should have
    made it does; and where the scores are absent or were made from other maps, the log of theirs.
    Nothing is raised for what is missing or broken: that is a state, too.
    """
    logs = folder / model / "logs"
    maps = folder / model / "maps" / f"{method}.h5"
    if model != "baseline":
        if not maps.is_file():
            shared = f"attend_{folder.name}_{model}"
            group = f"{shared}__random" if is_control(method) else shared
            names = [f"{shared}_{method}", group, f"external_{method}"]
            names += ["fit_cam"] if method == "cam" else []
            return _without_output([logs / f"{name}.log" for name in names], "no maps were made")
        try:
            with open_maps(maps) as file:
                said = dict(file.attrs)
        except BenchError as error:
            return Outcome(FAILED, str(error))
        for key, state in (("failed", FAILED), ("not_applicable", NOT_APPLICABLE)):
            if key in said:
                return Outcome(state, str(said[key]))
    scores = folder / model / "scores" / f"{method}.parquet"
    if not scores.is_file():
        return _without_output([logs / f"score_{method}.log"], "its maps were not scored")
    return _scored(scores, maps if model != "baseline" else None)


def _without_output(logs: list[Path], what: str) -> Outcome:
    """Failed where the newest of the logs ends in a verb's message of error, otherwise not run."""
    there = [path for path in logs if path.is_file()]
    if not there:
        return Outcome(NOT_RUN, f"{what}: its job did not start")
    newest = max(there, key=lambda path: path.stat().st_mtime_ns)
    text = newest.read_text(encoding="utf-8", errors="replace")
    found = list(re.finditer(rf"^bench (?:{VERBS}): ", text, re.MULTILINE))
    if found:
        return Outcome(FAILED, text[found[-1].end() :].strip())
    return Outcome(NOT_RUN, f"{what}: its job did not end, or its file was taken away")


def _scored(scores: Path, maps: Path | None) -> Outcome:
    """Scored, unless the table of scores is broken or was made from other maps than those there."""
    import pandas as pd

    try:
        table = pd.read_parquet(scores)
    except (OSError, ValueError) as error:
        return Outcome(FAILED, f"{scores}: not readable as a Parquet table ({error}).")
    if maps is not None and table.attrs.get("maps") != stored_fingerprint(maps)[0]:
        return Outcome(NOT_RUN, "its maps were made again and not scored since")
    return Outcome(SCORED)
