# Photographs x networks x methods -> attention maps.
#
# One forward pass feeds every method, so all stale maps of a data set and a network are the outputs
# of one job; a map that is up to date has a rule of its own and rests (bench/workflow/map_jobs.py).
# Where fully connected layers follow the last convolution, cam reads a fit (bench/workflow/cam_fit.py).


rule fit_cam:
    input:
        photographs=lambda wildcards: plan.fit_photographs(wildcards.dataset),
        weights=lambda wildcards: plan.weights(wildcards.model),
    output:
        CAM_FIT,
    log:
        "results/{dataset}/{model}/logs/fit_cam.log",
    benchmark:
        "results/{dataset}/{model}/benchmarks/fit_cam.tsv"
    wildcard_constraints:
        model="|".join(filter(plan.fitted, plan.settings.models)) or "-",
    threads: 16
    resources:
        mem_mb=mem_mb("fit_cam"),
        runtime=runtime("fit_cam"),
        gpu=int(plan.settings.device.startswith("cuda")),
    params:
        settings=lambda wildcards: plan.fit_settings(wildcards.model),
        arguments=lambda wildcards, input, output: (
            plan.fit_arguments(**wildcards)(wildcards, input, output)
        ),
    shell:
        "python -m bench fit-cam {params.arguments} --log {log}"


for dataset, model in plan.pairs:
    folder = plan.map_folder(dataset, model)
    for made in plan.attend_rules(dataset, model):

        rule:
            name:
                made.name
            input:
                lambda wildcards, made=made: (
                    ancient(plan.attend_inputs(made.job(wildcards)))
                    if made.job(wildcards).fresh
                    else plan.attend_inputs(made.job(wildcards))
                ),
                shards=ancient(plan.shard_list(dataset)),
            output:
                [f"{folder}maps/{method}.h5" for method in made.methods],
            log:
                f"{folder}logs/{made.name}.log",
            benchmark:
                f"{folder}benchmarks/{made.name}.tsv"
            wildcard_constraints:
                shard=made.shards,
            threads: 16
            resources:
                mem_mb=mem_mb("attend"),
                runtime=runtime("attend"),
                gpu=int(plan.settings.device.startswith("cuda")),
            params:
                record=lambda wildcards, made=made: made.job(wildcards).record,
                arguments=lambda wildcards, input, output, made=made: plan.attend_arguments(
                    made.job(wildcards)
                )(wildcards, input, output),
            shell:
                "python -m bench attend {params.arguments} --log {log}"


rule join_maps:
    input:
        parts=lambda wildcards: plan.map_parts(**wildcards),
        shards=lambda wildcards: plan.shard_list(wildcards.dataset),
    output:
        MAPS,
    log:
        "results/{dataset}/{model}/logs/join_maps_{method}.log",
    benchmark:
        "results/{dataset}/{model}/benchmarks/join_maps_{method}.tsv"
    wildcard_constraints:
        dataset=plan.cut(),
        model="|".join(plan.settings.models),
    resources:
        mem_mb=mem_mb("join_maps"),
        runtime=runtime("join_maps"),
    params:
        code=plan.code("join_maps"),
    shell:
        "python -m bench join-maps --shards {input.shards} --output {output} --log {log}"


rule external:
    input:
        lambda wildcards: plan.external_inputs(**wildcards),
    output:
        "results/{dataset}/external/maps/{name}.h5",
    log:
        "results/{dataset}/external/logs/external_{name}.log",
    benchmark:
        "results/{dataset}/external/benchmarks/external_{name}.tsv"
    wildcard_constraints:
        name="|".join({name for names in plan.settings.external.values() for name in names}) or "-",
    resources:
        mem_mb=mem_mb("external"),
        runtime=runtime("external"),
    params:
        dataset=lambda wildcards: plan.dataset_arguments(wildcards.dataset),
        source=lambda wildcards: plan.external(**wildcards),
        code=plan.code("external"),
    shell:
        "python -m bench external {params.dataset} --name {wildcards.name} "
        "--source {params.source:q} --output {output} --log {log}"
