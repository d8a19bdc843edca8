"""What became of every row of the report: scored, failed, not run, or not for that network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bench.attention._registry import is_built_in
from bench.controls import controlled, is_control
from bench.errors import BenchError, DataError
from bench.maps import open_maps, stored_fingerprint
from bench.shards import read_shards

SCORED, FAILED, NOT_RUN, NOT_APPLICABLE = "scored", "failed", "not run", "does not apply"
# Three different things, in three signs that stay apart in grey, in print and read aloud.
MARKS = {FAILED: "✕", NOT_RUN: "…", NOT_APPLICABLE: "∅"}
VERBS = "attend|external|fit-cam|join-maps|join-scores|score"


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
    why a method failed or does not apply; where it is absent, those of the shards do, or the log of
    the job that should have made it; and where the scores are absent or were made from other maps,
    the log of theirs. Nothing is raised for what is missing or broken: that is a state, too.
    """
    place = folder / model
    maps = place / "maps" / f"{method}.h5"
    if model != "baseline":
        if not maps.is_file():
            return _without_maps(folder, model, method)
        if without := _said(maps):
            return without
    scores = place / "scores" / f"{method}.parquet"
    if not scores.is_file():
        names = [f"score_{method}", f"join_scores_{method}"]
        return _without_output(_logs(place, names), "its maps were not scored")
    return _scored(scores, maps if model != "baseline" else None)


def _without_maps(folder: Path, model: str, method: str) -> Outcome:
    place = folder / model
    for part in _parts(place):
        maps = part / "maps" / f"{method}.h5"
        if maps.is_file() and (without := _said(maps)):
            return without
    shared = f"attend_{folder.name}_{model}"
    group = f"{shared}__random" if is_control(method) else shared
    names = [f"{shared}_{method}", f"{shared}_{method}__[0-9]*"]
    # A method from outside has jobs of its own, beside which those of the others may end later.
    names += [group, f"{group}__[0-9]*"] if is_built_in(controlled(method)) else []
    names += [f"external_{method}", f"join_maps_{method}"]
    names += ["fit_cam"] if method == "cam" else []
    return _without_output(_logs(place, names), "no maps were made")


def _said(maps: Path) -> Outcome | None:
    """What a map file says of a method that failed or does not apply; None where it has maps."""
    try:
        with open_maps(maps) as file:
            said = dict(file.attrs)
    except BenchError as error:
        return Outcome(FAILED, str(error))
    for key, state in (("failed", FAILED), ("not_applicable", NOT_APPLICABLE)):
        if key in said:
            return Outcome(state, str(said[key]))
    return None


def _logs(place: Path, names: list[str]) -> list[Path]:
    """The newest log of the whole data set, or of each shard where one of these is newer still.

    A data set may have been cut, or no longer be cut, since a log was written.
    """
    whole = _newest(place / "logs", names)
    parts = [log for part in _parts(place) for log in _newest(part / "logs", names)]
    return parts if max(map(_time, parts), default=0) > max(map(_time, whole), default=0) else whole


def _parts(place: Path) -> list[Path]:
    """The folders of the data set's shards, none where it is not cut or their list is broken."""
    listed = place.parent / "shards.csv"
    if not listed.is_file():
        return []
    try:
        return [place / "shards" / shard for shard in read_shards(listed)]
    except DataError:  # the workflow's next run tells, and makes it again
        return []


def _newest(folder: Path, names: list[str]) -> list[Path]:
    """The newest of the logs of these names in a folder, as a list of one or none."""
    there = [path for name in names for path in folder.glob(f"{name}.log")]
    return [max(there, key=_time)] if there else []


def _time(path: Path) -> int:
    return path.stat().st_mtime_ns


def _without_output(logs: list[Path], what: str) -> Outcome:
    """Failed where one of the logs ends in a verb's message of error, otherwise not run."""
    for log in logs:
        text = log.read_text(encoding="utf-8", errors="replace")
        if found := list(re.finditer(rf"^bench (?:{VERBS}): ", text, re.MULTILINE)):
            return Outcome(FAILED, text[found[-1].end() :].strip())
    if logs:
        return Outcome(NOT_RUN, f"{what}: its job did not end, or its file was taken away")
    return Outcome(NOT_RUN, f"{what}: its job did not start")


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
