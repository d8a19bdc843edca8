# Attention maps x human gaze -> scores -> leaderboard.


rule score:
    input:
        maps=lambda wildcards: plan.maps(**wildcards),
        heatmaps=rules.heatmap.output,
        fixations=rules.fixations.output.table,
    output:
        scores="results/{dataset}/{model}/scores/{method}.parquet",
        sensitivity="results/{dataset}/{model}/sensitivity/{method}.parquet",
    log:
        "results/{dataset}/{model}/logs/score_{method}.log",
    benchmark:
        "results/{dataset}/{model}/benchmarks/score_{method}.tsv"
    params:
        maps=lambda wildcards, input: f"--maps {input.maps}" if input.maps else "",
        metrics=plan.settings.metrics,
        seed=plan.settings.seed,
        code=plan.code("score"),
    shell:
        "python -m bench score --model {wildcards.model} --method {wildcards.method} {params.maps} "
        "--heatmaps {input.heatmaps} --fixations {input.fixations} --metrics {params.metrics} "
        "--output {output.scores} --sensitivity {output.sensitivity} --seed {params.seed} --log {log}"


rule leaderboard:
    input:
        lambda wildcards: [
            f"results/{wildcards.dataset}/{model}/scores/{method}.parquet"
            for model, method in plan.rows
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


rule sensitivity:
    input:
        pieces=lambda wildcards: [
            f"results/{wildcards.dataset}/{model}/sensitivity/{method}.parquet"
            for model, method in plan.rows
        ],
        scores=rules.leaderboard.output.scores,
    output:
        table="results/{dataset}/sensitivity.csv",
        agreement="results/{dataset}/agreement.csv",
    log:
        "results/{dataset}/logs/sensitivity.log",
    benchmark:
        "results/{dataset}/benchmarks/sensitivity.tsv"
    params:
        seed=plan.settings.seed,
        code=plan.code("sensitivity"),
    shell:
        "python -m bench sensitivity {input.pieces} --scores {input.scores} --seed {params.seed} "
        "--output {output.table} --agreement {output.agreement} --log {log}"
