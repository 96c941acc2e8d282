"""Recomputing what was recorded: ledger, events against rows, files, placements against shards, content digests.

Nothing is taken from the writer but the definitions of the digests: rows and files are read afresh.
"""
