# Recordings of viewers -> fixations -> human heatmaps.

from bench.datasets.demo.files import DEMO_FILES


rule demo:
    output:
        expand("data/demo/{file}", file=DEMO_FILES),
    log:
        "results/demo/logs/demo.log",
    benchmark:
        "results/demo/benchmarks/demo.tsv"
    resources:
        mem_mb=mem_mb("demo"),
        runtime=runtime("demo"),
    params:
        folder=subpath(output[0], parent=True),
        seed=plan.settings.seed,
        code=plan.code("demo"),
    shell:
        "python -m bench demo --folder {params.folder} --seed {params.seed} --log {log}"


rule shards:
    output:
        SHARDS,
    log:
        "results/{dataset}/logs/shards.log",
    benchmark:
        "results/{dataset}/benchmarks/shards.tsv"
    wildcard_constraints:
        dataset=plan.cut(),
    resources:
        mem_mb=mem_mb("shards"),
        runtime=runtime("shards"),
    params:
        dataset=lambda wildcards: plan.dataset_arguments(wildcards.dataset),
        size=plan.settings.shard_size,
        images=lambda wildcards: plan.shard_print(wildcards.dataset),
        code=plan.code("shards"),
    shell:
        "python -m bench shards {params.dataset} --size {params.size} --output {output} "
        "--log {log}"


rule fixations:
    input:
        stimuli=lambda wildcards: plan.stimuli(wildcards.dataset),
        gaze=lambda wildcards: plan.gaze(wildcards.dataset),
        description=lambda wildcards: plan.description(wildcards.dataset),
    output:
        table="results/{dataset}/fixations.parquet",
        recordings="results/{dataset}/recordings.json",
    log:
        "results/{dataset}/logs/fixations.log",
    benchmark:
        "results/{dataset}/benchmarks/fixations.tsv"
    threads: lambda wildcards: plan.reading_jobs(wildcards.dataset)
    resources:
        mem_mb=mem_mb("fixations"),
        runtime=runtime("fixations"),
    params:
        dataset=lambda wildcards, input: plan.dataset_arguments(wildcards.dataset, input.stimuli),
        code=plan.code("fixations"),
    shell:
        "python -m bench fixations {params.dataset} --jobs {threads} --output {output.table} "
        "--recordings {output.recordings} --log {log}"


rule heatmap:
    input:
        fixations=rules.fixations.output.table,
        recordings=rules.fixations.output.recordings,
    output:
        "results/{dataset}/heatmaps.h5",
    log:
        "results/{dataset}/logs/heatmap.log",
    benchmark:
        "results/{dataset}/benchmarks/heatmap.tsv"
    threads: lambda wildcards: plan.scoring_jobs(wildcards.dataset)
    resources:
        mem_mb=mem_mb("heatmap"),
        runtime=runtime("heatmap"),
    params:
        protocol=plan.settings.protocol,
        choices=repr(plan.protocol),
        code=plan.code("heatmap"),
    shell:
        "python -m bench heatmap --fixations {input.fixations} --recordings {input.recordings} "
        "--protocol {params.protocol:q} --jobs {threads} --output {output} --log {log}"
