"""Which copy survives: what was made from others ranks as the worst of them, by what is recorded now."""

from __future__ import annotations

from dataclasses import replace

from assets.platform import Platform
from lineage_platform.model.definitions import Source, Workspace
from lineage_platform.model.overlay import Cover
from lineage_platform.policy.rights import rights_rank
from lineage_platform.policy.terms import terms_of
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from tests.recording.worlds import source


def test_what_was_made_from_others_ranks_as_the_worst_of_them(settings: Settings, recorder: Recorder) -> None:
    free, bound, made = source("free", "CC0-1.0"), source("bound", "CC-BY-NC-4.0"), source("made", "MIT")
    made, again = (
        replace(made, derived_from=("free", "bound")),
        replace(source("again", "MIT"), derived_from=("made",)),
    )
    platform = Platform(settings, Workspace("", "demo", (free, bound, made, again), ()))

    def rank(name: str) -> int:
        [found] = platform.ranks([name]).values()
        return found

    def observe(*sources: Source) -> None:
        for each in sources:
            recorder.observe(each, "0" * 64, [], None, terms_of(each, None))

    observe(free, made, again)
    nothing = rights_rank(
        replace(
            terms_of(free, None)[0], licence="NOASSERTION", personal_data="unknown", consent_basis="unknown"
        )
    )
    assert rank("again") == rank("made") == nothing, "nothing was stated about one parent"
    observe(bound)
    assert rank("again") == rank("made") == rank("bound") == rights_rank(terms_of(bound, None)[0])
    assert rank("free") < rank("made")
    recorder.restate([Cover(source="bound")], terms_of(free, None)[0], reason="settled", author="me")
    assert rank("made") == rights_rank(terms_of(made, None)[0]), "its own, which are the worst now"
    platform.recorder.close()
