"""Dagster: every corpus version and every transformation as a software-defined asset.

`definitions.py` reads from top to bottom; a *step* (`step.py`) says what one asset needs and does, one file a kind;
`factory.py` turns a step into an asset: find what is already committed, else run, check, commit, report.
"""
