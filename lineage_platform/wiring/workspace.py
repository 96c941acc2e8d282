"""The workspace's definitions, checked against the names that other rooms own."""

from __future__ import annotations

from lineage_platform.model.definitions import Workspace
from lineage_platform.policy.licences import problem_of_declaration
from lineage_platform.policy.vocabulary import vocabulary
from lineage_platform.settings import Settings
from lineage_platform.transformations.standards import standard_names
from lineage_platform.workspace import loading


def load_workspace(settings: Settings) -> Workspace:
    """The workspace that the settings name; raises InvalidInput with everything that is wrong with it."""
    return loading.load_workspace(settings.workspace, settings, known_names())


def known_names() -> loading.KnownNames:
    """Quality standards, consent bases and licences as this version knows them."""
    return loading.KnownNames(
        quality_standards=tuple(standard_names()),
        consent_bases=tuple(vocabulary()),
        expected_licence=problem_of_declaration,
    )
