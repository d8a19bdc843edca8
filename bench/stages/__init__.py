"""What each verb does: read files, call the library, write files.

Rule, verb, stage, log and benchmark of a step share one name. A stage holds no mathematics; heavy
packages are imported inside its functions, so that `bench --help` answers at once.
"""
