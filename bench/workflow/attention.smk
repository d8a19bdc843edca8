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
    for job in plan.attend_jobs(dataset, model):
        inputs = [*plan.stimuli(dataset), *plan.weights(model)]
        inputs += plan.cam_fit(dataset, model, job.methods)

        rule:
            name:
                job.name
            input:
                ancient(inputs) if job.fresh else inputs,
            output:
                expand(MAPS, dataset=dataset, model=model, method=job.methods),
            log:
                f"results/{dataset}/{model}/logs/{job.name}.log",
            benchmark:
                f"results/{dataset}/{model}/benchmarks/{job.name}.tsv"
            threads: 16
            resources:
                mem_mb=mem_mb("attend"),
                runtime=runtime("attend"),
                gpu=int(plan.settings.device.startswith("cuda")),
            params:
                record=job.record,
                arguments=plan.attend_arguments(job),
            shell:
                "python -m bench attend {params.arguments} --log {log}"


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
