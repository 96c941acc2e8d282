"""The `lineage` command: one file a verb."""
