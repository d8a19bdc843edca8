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
#   results/{dataset}/performance.html           time and memory, written when a run ends
#
# A data set of more than `shard_size` photographs is cut into shards:
#   results/{dataset}/shards.csv                 which photograph is in which shard
#   results/{dataset}/{model}/shards/{shard}/    maps/, scores/, viewers/, sensitivity/ of a shard
# whose files are joined under the names above.
#
# The model "baseline" has the methods of bench/baselines.py: zero, centre, human, ...

import sys

from snakemake.utils import min_version

from bench.places import PROJECT
from bench.workflow.cam_fit import CAM_FIT
from bench.workflow.end_of_run import (
    after_failure,
    failed_targets,
    unwritable,
    write_performance,
)
from bench.workflow.handover import VARIABLE, hand_down, handed_down
from bench.workflow.inputs import SHARDS
from bench.workflow.map_plan import MAPS, PART
from bench.workflow.plan import Plan
from bench.workflow.resources import mem_mb, runtime

min_version("9.0")


configfile: PROJECT / "config" / "config.yaml"


plan = Plan(config, project=PROJECT, stale=handed_down(workflow))

if hand_down(plan.states, workflow):

    envvars:
        VARIABLE,


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


onstart:
    if problems := unwritable(plan.settings.datasets):
        sys.exit(problems[0])


onsuccess:
    write_performance(plan.settings.datasets, sys.argv)
    if failures := failed_targets(list(workflow.dag_settings.targets)):
        sys.exit("\n".join(failures))


onerror:
    if workflow.is_main_process:
        write_performance(plan.settings.datasets, sys.argv)
        print(after_failure(plan, sys.argv[1:]), file=sys.stderr)
