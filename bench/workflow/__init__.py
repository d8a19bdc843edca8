"""The rules, one .smk per stage, and the torch-free helpers that the Snakefile needs."""
