# Attention maps x human gaze -> scores -> leaderboard; maps x their controls.

from bench.controls import control_of


rule score:
    input:
        maps=lambda wildcards: plan.maps(**wildcards),
        heatmaps=rules.heatmap.output,
        fixations=rules.fixations.output.table,
    output:
        "results/{dataset}/{model}/scores/{method}.parquet",
    log:
        "results/{dataset}/{model}/logs/score_{method}.log",
    benchmark:
        "results/{dataset}/{model}/benchmarks/score_{method}.tsv"
    params:
        maps=lambda wildcards, input: f"--maps {input.maps}" if input.maps else "",
        metrics=plan.settings.metrics,
        code=plan.code("score"),
    shell:
        "python -m bench score --model {wildcards.model} --method {wildcards.method} {params.maps} "
        "--heatmaps {input.heatmaps} --fixations {input.fixations} --metrics {params.metrics} "
        "--output {output} --log {log}"


rule leaderboard:
    input:
        lambda wildcards: [
            f"results/{wildcards.dataset}/{model}/scores/{method}.parquet"
            for model, method in plan.rows(wildcards.dataset)
        ],
    output:
        scores="results/{dataset}/scores.csv",
        leaderboard="results/{dataset}/leaderboard.csv",
        comparisons="results/{dataset}/comparisons.csv",
    log:
        "results/{dataset}/logs/leaderboard.log",
    benchmark:
        "results/{dataset}/benchmarks/leaderboard.tsv"
    params:
        seed=plan.settings.seed,
        code=plan.code("leaderboard"),
    shell:
        "python -m bench leaderboard {input} --dataset {wildcards.dataset} --seed {params.seed} "
        "--scores {output.scores} --leaderboard {output.leaderboard} "
        "--comparisons {output.comparisons} --log {log}"


rule controls:
    input:
        lambda wildcards: [
            path
            for model in plan.settings.models
            for method in plan.controlled(wildcards.dataset)
            for name in (method, control_of(method))
            for path in plan.maps(wildcards.dataset, model, name)
        ],
    output:
        "results/{dataset}/controls.csv",
    log:
        "results/{dataset}/logs/controls.log",
    benchmark:
        "results/{dataset}/benchmarks/controls.tsv"
    params:
        models=plan.settings.models,
        methods=lambda wildcards: plan.controlled(wildcards.dataset),
        seed=plan.settings.seed,
        code=plan.code("controls"),
    shell:
        "python -m bench controls --results results/{wildcards.dataset} --models {params.models} "
        "--methods {params.methods} --seed {params.seed} --output {output} --log {log}"
