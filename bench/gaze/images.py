"""The image names that messages give, matched with the photographs of the data set."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bench.errors import ValidationError

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 5


def matched_images(
    trials: pd.DataFrame, known: Iterable[str], *, cut_names: bool = False
) -> tuple[pd.DataFrame, list[str]]:
    """`trials` with image_id as the photographs are called, and warnings.

    With `cut_names` (EDF+ annotations end after 40 characters) the beginning of exactly one
    photograph's name is taken for it, with a warning. A name in another case is not accepted: on
    another computer it would be another file.

    Raises ValidationError with the names that match no photograph, a case-only difference named.
    """
    known = sorted(known)
    names = set(known)
    by_case = {name.lower(): name for name in known}
    wanted = trials["image_id"].dropna().unique()
    renamed, missing = {}, []
    for name in wanted:
        if name in names:
            continue
        longer = [candidate for candidate in known if candidate.startswith(name)]
        if cut_names and len(longer) == 1:
            renamed[name] = longer[0]
        else:
            near = by_case.get(name.lower())
            missing.append(f"{name!r} (there is {near!r})" if near else repr(name))
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        raise ValidationError(
            f"{len(missing)} image(s) named in the messages are not among the {len(known)} "
            f"photographs: {', '.join(missing[:SHOWN])}{more}. Add them to the stimuli folder, or "
            "correct trials: image in dataset.yaml."
        )
    if not renamed:
        return trials, []
    result = trials.copy()
    result["image_id"] = trials["image_id"].replace(renamed).astype(trials["image_id"].dtype)
    pairs = ", ".join(f"{cut} = {whole}" for cut, whole in list(renamed.items())[:SHOWN])
    return result, [f"{len(renamed)} image name(s) are cut off and were completed: {pairs}"]
