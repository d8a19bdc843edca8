# Tables and maps -> figures and the page to read.

FIGURES = ["errors", "agreement", "sensitivity", "human_heatmaps"]


rule report:
    input:
        photographs=lambda wildcards: plan.stimuli(wildcards.dataset),
        recordings=rules.fixations.output.recordings,
        heatmaps=rules.heatmap.output,
        fixations=rules.fixations.output.table,
        tables=rules.leaderboard.output,
        sensitivity=rules.sensitivity.output,
        maps=lambda wildcards: plan.map_files(wildcards.dataset),
        controls=lambda wildcards: (
            rules.controls.output if plan.controlled(wildcards.dataset) else []
        ),
    output:
        page="results/{dataset}/report.html",
        figures=expand(
            "results/{{dataset}}/figures/{figure}.{suffix}",
            figure=[*FIGURES, *(f"gallery_{model}" for model in plan.settings.models)],
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
        code=plan.code("report"),
    shell:
        "python -m bench report {params.dataset} --results {params.results} "
        "--models {params.models} --methods {params.methods} {params.others} "
        "--seed {params.seed} --output {output.page} --log {log}"
