"""Any order of observing, making, failing, confirming and sweeping gives what a few lines of Python say it gives."""

from __future__ import annotations

from uuid import uuid4

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lineage_platform.model.versions import Snapshot
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from tests.recording import consistency
from tests.recording.worlds import STEP, digest, listing, result, source, terms

contents = st.sampled_from("abc")
operations = st.one_of(
    st.tuples(st.just("observe"), contents),
    st.tuples(st.just("state"), contents),
    st.tuples(st.just("make"), contents),
    st.tuples(st.just("fail"), contents),
    st.tuples(st.just("recall"), contents),
    st.tuples(st.just("sweep"), contents),
)


@hypothesis_settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(operations, max_size=12))
def test_the_recorder_is_its_model(
    recorder: Recorder, settings: Settings, plan: list[tuple[str, str]]
) -> None:
    name = f"s{uuid4().hex}"
    dataset = f"documents/{name}"
    licence = "CC-BY-4.0"
    snapshot = recorder.observe(source(name), digest("start"), listing("x"), None, [terms(name)])
    numbers = {"start": snapshot.number}
    memo: dict[tuple[str, str], str] = {}
    made: list[str] = []
    current: str | None = None

    def observe(content: str) -> Snapshot:
        return recorder.observe(
            source(name), digest(content), listing("x"), None, [terms(name, licence=licence)]
        )

    for verb, content in plan:
        if verb == "observe":
            snapshot = observe(content)
            assert numbers.setdefault(content, snapshot.number) == snapshot.number
        elif verb == "state":
            licence = f"LicenseRef-{content}"
            recorder.observe(
                source(name),
                snapshot.digest,
                listing("x"),
                None,
                [terms(name, licence=licence)],
            )
        elif verb == "make":
            with recorder.attempt(dataset, STEP, [snapshot]) as attempt:
                current = attempt.commit(
                    result(attempt.scratch, content, statements=[terms(name, licence=licence)])
                ).id
            memo[snapshot.id, dataset] = current
            if current not in made:
                made.append(current)
        elif verb == "fail":
            try:
                with recorder.attempt(dataset, STEP, [snapshot]) as attempt:
                    result(attempt.scratch, content)
                    raise ZeroDivisionError
            except ZeroDivisionError:
                pass
        elif verb == "recall":
            found = recorder.find(dataset, STEP, [snapshot.id])
            assert (found.id if found else None) == memo.get((snapshot.id, dataset))
            if found is not None:
                with recorder.attempt(dataset, STEP, [snapshot]) as attempt:
                    current = attempt.confirm(found).id
        elif verb == "sweep":
            assert recorder.sweep() is not None

        assert recorder.snapshot(name) == snapshot
        latest = recorder.latest(dataset)
        assert (latest.id if latest else None) == current
        assert latest is None or latest.sequence == made.index(latest.id) + 1
        assert [item.licence for item in recorder.terms_of_source(name)] == [licence]
    assert len(set(numbers.values())) == len(numbers)
    consistency.check(settings)
