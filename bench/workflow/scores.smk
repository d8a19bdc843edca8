# Attention maps x human gaze -> scores -> leaderboard; maps x their controls.

from bench.controls import control_of, is_control


rule score:
    input:
        maps=lambda wildcards: plan.maps(**wildcards),
        photographs=lambda wildcards: plan.photographs(**wildcards),
        heatmaps=rules.heatmap.output,
        fixations=rules.fixations.output.table,
    output:
        scores="results/{dataset}/{model}/scores/{method}.parquet",
        viewers="results/{dataset}/{model}/viewers/{method}.parquet",
        sensitivity="results/{dataset}/{model}/sensitivity/{method}.parquet",
    log:
        "results/{dataset}/{model}/logs/score_{method}.log",
    benchmark:
        "results/{dataset}/{model}/benchmarks/score_{method}.tsv"
    wildcard_constraints:
        dataset=plan.cut(is_cut=False),
    threads: lambda wildcards: plan.scoring_jobs(wildcards.dataset)
    resources:
        mem_mb=mem_mb("score"),
        runtime=runtime("score"),
    params:
        shard="",
        maps=lambda wildcards, input: f"--maps {input.maps}" if input.maps else "",
        photographs=lambda wildcards, input: (
            plan.dataset_arguments(wildcards.dataset, input.photographs)
            if input.photographs
            else ""
        ),
        metrics=plan.settings.metrics,
        seed=plan.settings.seed,
        code=plan.code("score"),
    shell:
        "python -m bench score --model {wildcards.model} --method {wildcards.method} {params.maps} "
        "--heatmaps {input.heatmaps} --fixations {input.fixations} {params.photographs} "
        "--metrics {params.metrics} --seed {params.seed} --jobs {threads} {params.shard} "
        "--output {output.scores} --viewers {output.viewers} --sensitivity {output.sensitivity} "
        "--log {log}"


use rule score as score_shard with:
    input:
        maps=lambda wildcards: plan.maps(**wildcards),
        photographs=lambda wildcards: plan.photographs(**wildcards),
        heatmaps=rules.heatmap.output,
        fixations=rules.fixations.output.table,
        shards=lambda wildcards: ancient(plan.shard_list(wildcards.dataset)),
    output:
        scores=f"{PART}scores/{{method}}.parquet",
        viewers=f"{PART}viewers/{{method}}.parquet",
        sensitivity=f"{PART}sensitivity/{{method}}.parquet",
    log:
        f"{PART}logs/score_{{method}}.log",
    benchmark:
        f"{PART}benchmarks/score_{{method}}.tsv"
    wildcard_constraints:
        dataset=plan.cut(),
        shard="[0-9a-f]+",
    threads: lambda wildcards: plan.scoring_jobs(wildcards.dataset, wildcards.shard)
    params:
        images=lambda wildcards: plan.shard_print(wildcards.dataset, wildcards.shard),
        shard=lambda wildcards, input: f"--shard {input.shards} {wildcards.shard}",
        maps=lambda wildcards, input: f"--maps {input.maps}" if input.maps else "",
        photographs=lambda wildcards, input: (
            plan.dataset_arguments(wildcards.dataset, input.photographs)
            if input.photographs
            else ""
        ),
        metrics=plan.settings.metrics,
        seed=plan.settings.seed,
        code=plan.code("score"),


rule join_scores:
    input:
        scores=lambda wildcards: plan.parts(**wildcards, folder="scores"),
        viewers=lambda wildcards: plan.parts(**wildcards, folder="viewers"),
        sensitivity=lambda wildcards: plan.parts(**wildcards, folder="sensitivity"),
        shards=lambda wildcards: plan.shard_list(wildcards.dataset),
        maps=lambda wildcards: plan.maps(**wildcards),
        linked=lambda wildcards: plan.map_parts(**wildcards),
        photographs=lambda wildcards: plan.photographs(**wildcards),
        heatmaps=rules.heatmap.output,
        fixations=rules.fixations.output.table,
    output:
        scores="results/{dataset}/{model}/scores/{method}.parquet",
        viewers="results/{dataset}/{model}/viewers/{method}.parquet",
        sensitivity="results/{dataset}/{model}/sensitivity/{method}.parquet",
    log:
        "results/{dataset}/{model}/logs/join_scores_{method}.log",
    benchmark:
        "results/{dataset}/{model}/benchmarks/join_scores_{method}.tsv"
    wildcard_constraints:
        dataset=plan.cut(),
    threads: lambda wildcards: plan.scoring_jobs(wildcards.dataset)
    resources:
        mem_mb=mem_mb("join_scores"),
        runtime=runtime("join_scores"),
    params:
        maps=lambda wildcards, input: f"--maps {input.maps}" if input.maps else "",
        photographs=lambda wildcards, input: (
            plan.dataset_arguments(wildcards.dataset, input.photographs)
            if input.photographs
            else ""
        ),
        metrics=plan.settings.metrics,
        seed=plan.settings.seed,
        code=plan.code("join_scores"),
    shell:
        "python -m bench join-scores --shards {input.shards} --model {wildcards.model} "
        "--method {wildcards.method} {params.maps} --heatmaps {input.heatmaps} "
        "--fixations {input.fixations} {params.photographs} --metrics {params.metrics} "
        "--seed {params.seed} --jobs {threads} --output {output.scores} "
        "--viewers {output.viewers} --sensitivity {output.sensitivity} --log {log}"


rule leaderboard:
    input:
        scores=lambda wildcards: [
            f"results/{wildcards.dataset}/{model}/scores/{method}.parquet"
            for model, method in plan.rows(wildcards.dataset)
        ],
        viewers=lambda wildcards: [
            f"results/{wildcards.dataset}/{model}/viewers/{method}.parquet"
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
    resources:
        mem_mb=mem_mb("leaderboard"),
        runtime=runtime("leaderboard"),
    params:
        seed=plan.settings.seed,
        code=plan.code("leaderboard"),
    shell:
        "python -m bench leaderboard {input.scores} --viewers {input.viewers} "
        "--dataset {wildcards.dataset} --seed {params.seed} "
        "--scores {output.scores} --leaderboard {output.leaderboard} "
        "--comparisons {output.comparisons} --log {log}"


rule sensitivity:
    input:
        pieces=lambda wildcards: [
            f"results/{wildcards.dataset}/{model}/sensitivity/{method}.parquet"
            for model, method in plan.rows(wildcards.dataset)
            if not is_control(method)
        ],
        scores=rules.leaderboard.output.scores,
    output:
        table="results/{dataset}/sensitivity.csv",
        agreement="results/{dataset}/agreement.csv",
    log:
        "results/{dataset}/logs/sensitivity.log",
    benchmark:
        "results/{dataset}/benchmarks/sensitivity.tsv"
    resources:
        mem_mb=mem_mb("sensitivity"),
        runtime=runtime("sensitivity"),
    params:
        seed=plan.settings.seed,
        code=plan.code("sensitivity"),
    shell:
        "python -m bench sensitivity {input.pieces} --scores {input.scores} --seed {params.seed} "
        "--output {output.table} --agreement {output.agreement} --log {log}"


rule controls:
    input:
        lambda wildcards: [
            path
            for model in plan.settings.models
            for method in plan.controlled(wildcards.dataset)
            for name in (method, control_of(method))
            for files in (plan.maps, plan.map_parts)
            for path in files(wildcards.dataset, model, name)
        ],
    output:
        "results/{dataset}/controls.csv",
    log:
        "results/{dataset}/logs/controls.log",
    benchmark:
        "results/{dataset}/benchmarks/controls.tsv"
    resources:
        mem_mb=mem_mb("controls"),
        runtime=runtime("controls"),
    params:
        results=subpath(output[0], parent=True),
        models=plan.settings.models,
        methods=lambda wildcards: plan.controlled(wildcards.dataset),
        seed=plan.settings.seed,
        code=plan.code("controls"),
    shell:
        "python -m bench controls --results {params.results} --models {params.models} "
        "--methods {params.methods} --seed {params.seed} --output {output} --log {log}"
