# Do humans look where CNNs attend? The whole study at a glance.
#
#   data/{dataset}                               photographs and recordings (data/demo: rule demo)
#   results/{dataset}/fixations.parquet          every fixation of every recording, with its fate
#   results/{dataset}/heatmaps.h5                human attention: one map per photograph
#   results/{dataset}/{model}/cam_fit.npz        class weights for cam, where a network has none
#   results/{dataset}/{model}/maps/{method}.h5   machine attention: a group per map name
#   results/{dataset}/{model}/maps/{method}_random.h5    the control: the network before training
#   results/{dataset}/external/maps/{name}.h5    maps made elsewhere, imported
#   results/{dataset}/{model}/scores/{method}.parquet    how well the two agree
#   results/{dataset}/{model}/viewers/{method}.parquet   the same, on each viewer alone
#   results/{dataset}/{scores,leaderboard,comparisons}.csv    tables, with intervals
#   results/{dataset}/controls.csv               how alike maps and controls are
#   results/{dataset}/{sensitivity,agreement}.csv    what the answer depends on
#   results/{dataset}/report.html                what to read
#
# A data set of more than `shard_size` photographs is cut into shards:
#   results/{dataset}/shards.csv                 which photograph is in which shard
#   results/{dataset}/{model}/shards/{shard}/    maps/, scores/, viewers/, sensitivity/ of a shard
# whose files are joined under the names above.
#
# The model "baseline" has the methods of bench/baselines.py: zero, centre, human, ...

from pathlib import Path

from snakemake.utils import min_version

from bench.workflow.cam_fit import CAM_FIT
from bench.workflow.plan import MAPS, PART, SHARDS, Plan

min_version("9.0")


configfile: Path(workflow.basedir, "config/config.yaml")


plan = Plan(config, project=Path(workflow.basedir))


wildcard_constraints:
    dataset="|".join(plan.settings.datasets),
    model="|".join([*plan.settings.models, "baseline", "external"]),
    method="[a-z][a-z0-9_]*",


rule all:
    default_target: True
    input:
        expand("results/{dataset}/report.html", dataset=plan.settings.datasets),


include: "bench/workflow/gaze.smk"
include: "bench/workflow/attention.smk"
include: "bench/workflow/scores.smk"
include: "bench/workflow/report.smk"


for rules_file in plan.settings.rules:

    include: rules_file
