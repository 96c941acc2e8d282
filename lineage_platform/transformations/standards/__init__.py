"""Quality standards: versioned data files `<name>@<version>.json`, and what they say of annotated documents.

    standard = load_standard("web@1")
    failing_rules(annotations, standard)    # a row a document: the first rule it fails, null where it passes all

A released file never changes: corpus versions made by a standard must stay what they are, so a changed threshold is a
new version. `standard.schema.json` describes the files.
"""

from lineage_platform.transformations.standards.rules import (
    Rule,
    Standard,
    failing_counts,
    failing_rules,
    load_standard,
    standard_names,
)

__all__ = ["Rule", "Standard", "failing_counts", "failing_rules", "load_standard", "standard_names"]
