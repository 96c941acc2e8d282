"""Quality standards: versioned data files `<name>@<version>.json`, and what they say of annotated documents.

    standard = load_standard("web@1")
    failing_rules(annotations, standard)    # a row a document: the first rule it fails, null where it passes all

A released file never changes: corpus versions made by a standard must stay what they are, so a changed threshold is a
new version. `standard.schema.json` describes the files.
"""

from typing import TYPE_CHECKING, Any

from lineage_platform.transformations.standards.files import Rule, Standard, load_standard, standard_names

if TYPE_CHECKING:
    from lineage_platform.transformations.standards.judging import failing_counts as failing_counts
    from lineage_platform.transformations.standards.judging import failing_rules as failing_rules

__all__ = ["Rule", "Standard", "failing_counts", "failing_rules", "load_standard", "standard_names"]


def __getattr__(name: str) -> Any:
    if name in ("failing_counts", "failing_rules"):
        from lineage_platform.transformations.standards import judging

        return getattr(judging, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
