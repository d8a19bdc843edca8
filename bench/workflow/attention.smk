# Photographs x networks x methods -> attention maps.
#
# One forward pass feeds every method, so all stale maps of a data set and a network are the outputs
# of one job; a map that is up to date has a rule of its own and rests (bench/workflow/plan.py).

for dataset, model in plan.pairs:
    for job in plan.attend_jobs(dataset, model):
        inputs = [*plan.stimuli(dataset), *plan.weights(model)]

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
    params:
        dataset=lambda wildcards: plan.dataset_arguments(wildcards.dataset),
        source=lambda wildcards: plan.external(**wildcards),
        code=plan.code("external"),
    shell:
        "python -m bench external {params.dataset} --name {wildcards.name} "
        "--source {params.source:q} --output {output} --log {log}"
