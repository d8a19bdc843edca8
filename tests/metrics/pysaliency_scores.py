"""Scores by pysaliency's own code, run by the interpreter of its isolated environment.

    python pysaliency_scores.py CASES.npz RESULT.json [--time ROUNDS]

CASES holds, per case, `NAME/map`, `/heatmap`, `/centre` (H, W), `/fixations` and `/others` (F, 2),
whole numbers. The result gives {case: {metric: score}}; with --time, {case: milliseconds} for the
eight metrics of the speed budget that pysaliency has.
"""

import json
import sys
import time

import numpy as np
import pysaliency
from pysaliency.metrics import CC, NSS, SIM, MIT_KLDiv, image_based_kl_divergence
from pysaliency.metrics import convert_saliency_map_to_density as density_of
from pysaliency.metrics import probabilistic_image_based_kl_divergence as kl_of
from pysaliency.roc import general_roc

MIX = 1e-3


def mixed(saliency):
    return (1 - MIX) * density_of(saliency) + MIX / saliency.size


def gain(density, baseline, x, y):
    """pysaliency's information gain: the difference of log likelihoods over log 2."""
    return np.mean((np.log(density)[y, x] - np.log(baseline)[y, x]) / np.log(2))


def judd(saliency, x, y):
    """AUC_Judd without jitter, through the model class."""
    stimuli = pysaliency.Stimuli([np.zeros((*saliency.shape, 3), dtype=np.uint8)])
    empty = np.zeros((len(x), 0))
    fixations = pysaliency.Fixations.create_without_history(x, y, np.zeros(len(x), dtype=int))
    del empty
    model = pysaliency.SaliencyMapModelFromFunction(lambda stimulus: saliency)
    return model.AUC_Judd(stimuli, fixations, jitter=False)


def scores(S, G, centre, fixations, others):
    x, y = fixations.T
    at, there = S[y, x], S[others[:, 1], others[:, 0]]
    uniform = np.full(S.shape, 1 / S.size)
    return {
        "auc": general_roc(at, S.ravel())[0],
        "sauc": general_roc(at, there)[0],
        "auc_judd": judd(S, x, y),
        "nss": NSS(S, x, y).mean(),
        "cc": CC(S, G),
        "sim": SIM(S, G),
        "kl": kl_of(np.log(mixed(S)), np.log(np.maximum(density_of(G), 1e-300))),
        "kl_eps20": image_based_kl_divergence(S, G),
        "kl_mit": MIT_KLDiv(S, G),
        "ig": gain(mixed(S), mixed(centre), x, y),
        "ig_uniform": gain(mixed(S), uniform, x, y),
        "ig_eps20": gain(density_of(S, 1e-20), density_of(centre, 1e-20), x, y),
    }


def milliseconds(S, G, centre, fixations, others, rounds):
    """The fastest round of AUC, sAUC, NSS, CC, SIM, KL and IG: it has no MAE."""
    x, y = fixations.T
    baseline = np.log(mixed(centre))

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
        start = time.perf_counter()
        eight()
        fastest = min(fastest, time.perf_counter() - start)
    return 1000 * fastest


def main():
    cases, result = sys.argv[1:3]
    with np.load(cases) as file:
        names = sorted({key.split("/")[0] for key in file})
        parts = ("map", "heatmap", "centre", "fixations", "others")
        given = {name: [file[f"{name}/{part}"] for part in parts] for name in names}
    if "--time" in sys.argv:
        rounds = int(sys.argv[sys.argv.index("--time") + 1])
        found = {name: milliseconds(*values, rounds) for name, values in given.items()}
    else:
        found = {name: scores(*values) for name, values in given.items()}
    with open(result, "w") as file:
        json.dump(found, file)


if __name__ == "__main__":
    main()
