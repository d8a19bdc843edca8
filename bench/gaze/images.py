"""The image names that messages give, matched with the photographs of the data set."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 5


def matched_images(
    trials: pd.DataFrame, known: Iterable[str], *, cut_names: bool = False
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """`trials` with image_id as the photographs are called, warnings, and errors.

    With `cut_names` (EDF+ annotations end after 40 characters) the beginning of exactly one
    photograph's name is taken for it, with a warning. A name in another case is not accepted: on
    another computer it would be another file.

    A trial whose name matches no photograph loses its image and gets a problem; the error lists
    these names, a case-only difference named.
    """
    known = sorted(known)
    names = set(known)
    by_case = {name.lower(): name for name in known}
    named = trials["image_id"].fillna("").tolist()
    wanted = trials["image_id"].dropna().unique()
    renamed, missing = {}, {}
    for name in wanted:
        if name in names:
            continue
        longer = [candidate for candidate in known if candidate.startswith(name)]
        if cut_names and len(longer) == 1:
            renamed[name] = longer[0]
        elif near := by_case.get(name.lower()):
            missing[name] = f"{name!r} (there is {near!r})"
        elif cut_names and longer:
            missing[name] = f"{name!r} (the beginning of {len(longer)} names)"
        else:
            missing[name] = repr(name)
    if not renamed and not missing:
        return trials, [], []
    result = trials.copy()
    images = trials["image_id"].replace({**renamed, **dict.fromkeys(missing)})
    result["image_id"] = images.astype(trials["image_id"].dtype)
    lost = trials["image_id"].isin(missing) & trials["problem"].isna()
    reasons = [f"image {missing.get(name)} is not among the photographs" for name in named]
    result["problem"] = trials["problem"].mask(lost, np.array(reasons, dtype=object))
    return result, _warnings(renamed), _errors(missing, len(known))


def _warnings(renamed: dict[str, str]) -> list[str]:
    if not renamed:
        return []
    pairs = ", ".join(f"{cut} = {whole}" for cut, whole in list(renamed.items())[:SHOWN])
    return [f"{len(renamed)} image name(s) are cut off and were completed: {pairs}"]


def _errors(missing: dict[str, str], known: int) -> list[str]:
    if not missing:
        return []
    more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    shown = ", ".join(list(missing.values())[:SHOWN])
    return [
        f"{len(missing)} image(s) named in the messages are not among the {known} photographs: "
        f"{shown}{more}. Add them to the stimuli folder, or correct trials: image in dataset.yaml."
    ]
