"""When `cam` needs a fit: for which networks, on which images, and what the fit depends on.

A network with fully connected layers has no class weights on its last activation. Rule `fit_cam`
regresses them, once per data set and network, on the data set's own photographs or on those of
`methods: {cam: {fit_images: FOLDER}}`. The map file's fingerprint covers the fit's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.attention import method_file
from bench.errors import DataError
from bench.literals import literals
from bench.networks import network_entry, weights_fingerprint
from bench.workflow import fingerprint

CAM_FIT = "results/{dataset}/{model}/cam_fit.npz"

# All but `fit_images`, which is not the fit's own business.
FIT_SETTINGS = ("layer", "pool", "intercept", "alpha")
SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"}


def needs_fit(model: str) -> bool:
    """Whether the network's own file says that fully connected layers lead to its scores."""
    facts = literals(network_entry(model).path).get("NETWORKS", {}).get(model, {})
    return facts.get("head") == "fully_connected"


def split_options(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(options of `cam` itself, options of the fit)."""
    names = literals(method_file("cam"))["FIT_OPTIONS"]
    own = {name: value for name, value in options.items() if name not in names}
    return own, {name: value for name, value in options.items() if name in names}


def images_in(folder: str | Path) -> list[Path]:
    """The photographs of a folder, sorted by name. DataError where there are none."""
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise DataError(f"no folder {folder}; expected the images to fit cam on (cam: fit_images).")
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not found:
        raise DataError(f"{folder}: no images; expected {', '.join(sorted(SUFFIXES))}.")
    return found


def fit_fingerprint(
    *, options: dict[str, Any], model: str, weights: list[str], photographs: list[Path]
) -> str:
    """What a fit depends on: code, settings, network, weights, photographs."""
    return fingerprint.combined(
        code=fingerprint.code(
            "attention/_fit_cam.py", network_entry(model).path, "stages/fit_cam.py"
        ),
        options={name: value for name, value in options.items() if name in FIT_SETTINGS},
        model=model,
        weights=weights_fingerprint(model, weights or "default"),
        photographs=fingerprint.files(photographs),
    )


def stored_fit_fingerprint(path: str | Path) -> str:
    """The fingerprint inside a fit's file, else its checksum. DataError for an unreadable one."""
    from bench.attention._ridge import load_fit

    return load_fit(path).fingerprint or fingerprint.files([Path(path)])
