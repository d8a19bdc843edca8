# Photographs x networks x methods -> attention maps.
#
# One forward pass feeds every method, so all stale maps of a data set and a network are the outputs
# of one job; fresh ones are plain inputs of the scores (bench/workflow/plan.py decides).

for dataset, model in plan.pairs:
    for number, methods in enumerate(plan.stale_jobs(dataset, model)):

        rule:
            name:
                f"attend_{dataset}_{model}" + (f"_{'_'.join(methods)}" if number else "")
            input:
                stimuli=plan.stimuli(dataset),
                weights=plan.weights(model),
            output:
                expand(MAPS, dataset=dataset, model=model, method=methods),
            log:
                f"results/{dataset}/{model}/logs/attend_{number}.log",
            benchmark:
                f"results/{dataset}/{model}/benchmarks/attend_{number}.tsv"
            params:
                arguments=plan.attend_arguments(dataset, model, list(methods)),
                folder=subpath(output[0], parent=True),
                fingerprints=methods,
            threads: 16
            resources:
                gpu=int(plan.settings.device.startswith("cuda")),
            shell:
                "python -m bench attend {params.arguments} --output-folder {params.folder} "
                "--log {log}"
