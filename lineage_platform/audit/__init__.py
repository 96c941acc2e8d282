"""The read side: where did this come from, where did that go, and is all of it still what was recorded?

    trace = trace_shard(catalog, files, "demo", "shard-00000", version=None, when=When())
    with Inquiry(catalog, files, every=False, when=When()) as inquiry:
        impact = inquiry.source("alpaca")
    verification = verify(catalog, files, public_key, tell)

`catalog` and `files` are what `needs` says; `wiring.open_workspace` hands in the real ones. Answers are frozen values whose
`to_dict()` is the contract of docs/answers.md. Nothing here writes. What a trace needs loads in a few tenths of a second:
DuckDB, no Arrow; `verification` loads everything.
"""
