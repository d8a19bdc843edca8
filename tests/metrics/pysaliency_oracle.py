"""Scores by pysaliency 0.2.22, in an environment of its own.

It does not import with setuptools 81 and its AUC fails with numpy 2.4, so it cannot live beside
ours. `asked` writes cases to a file, runs this very file with the interpreter of the isolated
environment (built once, kept in the user's cache folder) and reads what it found.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from unittest import mock

import numpy as np

PROJECT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ["pysaliency==0.2.22", "numpy==2.3.5", "setuptools==80.*"]
PARTS = ("map", "heatmap", "centre", "fixations", "others")
MIX = 1e-3


class Unavailable(Exception):  # noqa: N818 - a state, the reason to skip
    """The environment cannot be built here; the text says why."""


def asked(cases: dict[str, dict[str, np.ndarray]], *, rounds: int = 0) -> dict[str, dict]:
    """{case: {metric: score}}, or with rounds > 0 {case: {"eight": CPU milliseconds}}.

    A case has `PARTS`: (H, W) for the first three, whole numbers (F, 2) for the others.
    """
    python = environment()
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder, "cases.npz"), Path(folder, "found.json")
        arrays = {f"{name}/{part}": case[part] for name, case in cases.items() for part in PARTS}
        np.savez(given, **arrays)
        words = [str(python), __file__, str(given), str(found), str(rounds)]
        one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(
            words, capture_output=True, text=True, env={**os.environ, **one_thread}
        )
        if done.returncode:
            raise RuntimeError(f"pysaliency failed:\n{done.stderr}")
        return json.loads(found.read_text())


def environment() -> Path:
    """The interpreter of the isolated environment, built if it is not there yet."""
    # `uv run` tells where uv is; pip-installed uv without its folder on the path is found so too.
    uv = os.environ.get("UV") or shutil.which("uv")
    name = hashlib.sha256(repr([REQUIREMENTS, sys.version_info[:2]]).encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "attention-bench"
    folder = cache / f"pysaliency-{name}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if (folder / "complete").exists() and python.exists():
        return python
    if not uv:
        raise Unavailable("uv is not on the path; run this through `uv run`")
    folder.parent.mkdir(parents=True, exist_ok=True)
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["uv"]
    # Not in the project's folder: its constraints ask for another numpy.
    run = {"cwd": cache, "capture_output": True, "text": True}
    venv = [uv, "venv", "--clear", "--python", sys.executable, str(folder)]
    install = [uv, "pip", "install", "--python", str(python), *REQUIREMENTS]
    install += ["--exclude-newer", settings["exclude-newer"]]
    for words in (venv, install):
        done = subprocess.run(words, **run)
        if done.returncode:
            raise Unavailable(f"{' '.join(words[1:3])} failed: {done.stderr.strip()[-500:]}")
    (folder / "complete").touch()
    return python


def _mixed(saliency):
    from pysaliency.metrics import convert_saliency_map_to_density as density_of

    return (1 - MIX) * density_of(saliency) + MIX / saliency.size


def _gain(density, baseline, x, y):
    """pysaliency's information gain: the difference of log likelihoods over log 2."""
    return np.mean((np.log(density)[y, x] - np.log(baseline)[y, x]) / np.log(2))


def _judd(saliency, x, y):
    """AUC_Judd without jitter, through the model class."""
    import pysaliency
    from pysaliency.saliency_map_models import SaliencyMapModel

    class Fixed(SaliencyMapModel):
        def _saliency_map(self, stimulus):
            return saliency

    stimuli = pysaliency.Stimuli([np.zeros((*saliency.shape, 3), dtype=np.uint8)])
    fixations = pysaliency.Fixations.create_without_history(x, y, np.zeros(len(x), dtype=int))
    return Fixed(caching=False).AUC_Judd(stimuli, fixations, jitter=False)


def _scores(S, G, centre, fixations, others):
    from pysaliency.metrics import CC, NSS, SIM, MIT_KLDiv, image_based_kl_divergence
    from pysaliency.metrics import convert_saliency_map_to_density as density_of
    from pysaliency.metrics import probabilistic_image_based_kl_divergence as kl_of
    from pysaliency.roc import general_roc

    x, y = fixations.T
    at, there = S[y, x], S[others[:, 1], others[:, 0]]
    uniform = np.full(S.shape, 1 / S.size)
    human = np.log(np.maximum(density_of(G), 1e-300))  # 0 log 0 is 0
    return {
        "auc": general_roc(at, S.ravel())[0],
        "sauc": general_roc(at, there)[0],
        "auc_judd": _judd(S, x, y),
        "nss": NSS(S, x, y).mean(),
        "cc": CC(S, G),
        "sim": SIM(S, G),
        "kl": kl_of(np.log(_mixed(S)), human),
        "kl_eps20": image_based_kl_divergence(S, G),
        "kl_mit": MIT_KLDiv(S, G),
        "ig": _gain(_mixed(S), _mixed(centre), x, y),
        "ig_uniform": _gain(_mixed(S), uniform, x, y),
        "ig_eps20": _gain(density_of(S, 1e-20), density_of(centre, 1e-20), x, y),
    }


def _milliseconds(S, G, centre, fixations, others, rounds):
    """The fastest round of AUC, sAUC, NSS, CC, SIM, KL and IG; MAE it has none."""
    from pysaliency.metrics import CC, NSS, SIM, image_based_kl_divergence
    from pysaliency.metrics import convert_saliency_map_to_density as density_of
    from pysaliency.roc import general_roc

    x, y = fixations.T
    baseline = np.log(_mixed(centre))

    def eight():
        at, there = S[y, x], S[others[:, 1], others[:, 0]]
        general_roc(at, S.ravel())
        general_roc(at, there)
        NSS(S, x, y).mean()
        CC(S, G)
        SIM(S, G)
        image_based_kl_divergence(S, G)
        log_density = np.log(density_of(S, 1e-20))
        np.mean(log_density[y, x] - baseline[y, x])

    fastest = float("inf")
    for _ in range(rounds + 1):
        start = time.process_time()
        eight()
        fastest = min(fastest, time.process_time() - start)
    return {"eight": 1000 * fastest}


def main() -> None:
    """Runs in the isolated environment: CASES RESULT ROUNDS."""
    # pysaliency imports torch for models that play no part here; 3 GB less to install
    sys.modules["torch"] = mock.MagicMock()
    rounds = int(sys.argv[3])
    with np.load(sys.argv[1]) as file:
        names = list(dict.fromkeys(key.split("/")[0] for key in file))
        given = {name: [file[f"{name}/{part}"] for part in PARTS] for name in names}
    found = {
        name: _milliseconds(*values, rounds) if rounds else _scores(*values)
        for name, values in given.items()
    }
    Path(sys.argv[2]).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
