# Tables and maps -> figures and the page to read.


rule report:
    input:
        photographs=lambda wildcards: plan.stimuli(wildcards.dataset),
        recordings=rules.fixations.output.recordings,
        heatmaps=rules.heatmap.output,
        fixations=rules.fixations.output.table,
        tables=rules.leaderboard.output,
        sensitivity=rules.sensitivity.output,
        maps=lambda wildcards: plan.map_files(wildcards.dataset),
        linked=lambda wildcards: [
            path
            for row in plan.rows(wildcards.dataset)
            for path in plan.map_parts(wildcards.dataset, *row)
        ],
        controls=lambda wildcards: (
            rules.controls.output if plan.controlled(wildcards.dataset) else []
        ),
    output:
        page="results/{dataset}/report.html",
        explorer=directory("results/{dataset}/explorer"),
        provenance="results/{dataset}/provenance.json",
        figures=expand(
            "results/{{dataset}}/figures/{figure}.{suffix}",
            figure=plan.figures(),
            suffix=["svg", "png"],
        ),
    log:
        "results/{dataset}/logs/report.log",
    benchmark:
        "results/{dataset}/benchmarks/report.tsv"
    resources:
        mem_mb=mem_mb("report"),
        runtime=runtime("report"),
    params:
        dataset=lambda wildcards, input: plan.dataset_arguments(
            wildcards.dataset, input.photographs
        ),
        results=subpath(output.page, parent=True),
        models=plan.settings.models,
        methods=list(plan.settings.methods),
        others=lambda wildcards: plan.report_arguments(wildcards.dataset),
        seed=plan.settings.seed,
        configuration=lambda wildcards: plan.stated(wildcards.dataset),
        code=plan.code("report"),
    shell:
        "python -m bench report {params.dataset} --results {params.results} "
        "--models {params.models} --methods {params.methods} {params.others} "
        "--seed {params.seed} --configuration {params.configuration:q} --output {output.page} "
        "--log {log}"
