"""The workspace's definitions, checked against the names that other rooms own."""

from __future__ import annotations

from lineage_platform.model.definitions import Workspace
from lineage_platform.policy import facts
from lineage_platform.policy.licences import problem_of_declaration
from lineage_platform.policy.vocabulary import vocabulary
from lineage_platform.settings import Settings
from lineage_platform.transformations.standards import standard_names
from lineage_platform.workspace import loading


def load_workspace(settings: Settings) -> Workspace:
    """The workspace that the settings name; raises InvalidInput with everything that is wrong with it."""
    return loading.load_workspace(settings.workspace, settings, known_names(settings))


def known_names(settings: Settings) -> loading.KnownNames:
    """Quality standards, consent bases, licences and the words of policies as this version knows them; policies by id, also
    the workspace's own."""

    def policies() -> list[str]:
        from lineage_platform.policy.policies import load
        from lineage_platform.wiring.opened import policy_folders

        return list(load(policy_folders(settings)).policies)

    return loading.KnownNames(
        quality_standards=tuple(standard_names()),
        consent_bases={
            word: basis.name for basis in vocabulary().values() for word in (basis.name, basis.iri)
        },
        expected_licence=problem_of_declaration,
        uses=tuple(facts.vocabulary()["uses"]),
        jurisdictions=tuple(facts.vocabulary()["jurisdictions"]),
        policies=policies,
    )
