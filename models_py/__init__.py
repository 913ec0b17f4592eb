"""The scores: one YAML each, trained on past elections, judged on the next, calibrated, versioned, and applied every night.

Scores and their models belong here. Features do not: a feature is SQL in the warehouse (`marts.feat_voters`), so that it exists once.
"""
