"""The same program on a cluster, with the same answer: on object storage, and while a node is lost."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage_platform.transformations.engine import Engine
from tests.cluster import chain
from tests.cluster.driver import KILLED_STEP, NODES
from tests.files.fixtures import environment
from tests.files.server import Server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="module")
def data(work: Path) -> Path:
    return chain.make(work / "data")


@pytest.fixture(scope="module")
def story(work: Path, data: Path, s3_server: Server) -> Iterator[dict[str, Any]]:
    from pyarrow.fs import S3FileSystem

    variables = environment(s3_server)
    S3FileSystem(
        access_key=variables["AWS_ACCESS_KEY_ID"],
        secret_key=variables["AWS_SECRET_ACCESS_KEY"],
        scheme="http",
        endpoint_override=s3_server.endpoint.removeprefix("http://"),
        region="us-east-1",
        allow_bucket_creation=True,
    ).create_dir("cluster")
    s3_server.forget()
    command = [sys.executable, "-m", "tests.cluster.driver", str(data), str(work), "s3://cluster/chain"]
    with (work / "log").open("wb") as log:
        done = subprocess.run(command, env={**os.environ, **variables}, stdout=log, stderr=log, timeout=550)
    assert done.returncode == 0, (work / "log").read_text()[-5000:]
    yield json.loads((work / "told.json").read_text())


@pytest.fixture(scope="module")
def local(work: Path, data: Path) -> chain.Digests:
    return chain.run(data, work / "local", Engine())


def test_digests_are_those_of_the_local_engine(story: dict[str, Any], local: chain.Digests) -> None:
    assert set(local) > {"deduplicated", "selection", "tokenizer", "shards"}
    assert story["stored"]["digests"] == local


def test_files_were_on_object_storage(story: dict[str, Any], s3_server: Server) -> None:
    assert s3_server.count("PutObject", "CompleteMultipartUpload") > 100


def test_tasks_ran_on_every_node_one_at_a_time(story: dict[str, Any]) -> None:
    notes = story["stored"]["notes"]
    by_node = Counter(note["node"] for note in notes)
    assert len(by_node) == NODES and min(by_node.values()) > len(notes) / NODES / 3
    for node in by_node:
        ran = sorted((note["begun"], note["ended"]) for note in notes if note["node"] == node)
        assert all(ended <= begun for (_, ended), (begun, _) in itertools.pairwise(ran))


def test_a_node_lost_in_the_middle_changes_nothing(story: dict[str, Any], local: chain.Digests) -> None:
    disturbed = story["disturbed"]
    killed, notes = disturbed["killed"], disturbed["notes"]
    assert "raylet" in killed["processes"] and any("Swordf" in name for name in killed["processes"])
    [lost] = [note for note in notes if note["trapped"]]
    assert lost["node"] == killed["node"] and lost["ended"] < killed["at"]
    step = [note for note in notes if note["step"] == KILLED_STEP]
    tasks = sum(note["step"] == KILLED_STEP for note in story["stored"]["notes"])
    assert len(step) == tasks + 1  # all of it, and the lost one again
    after = {note["node"] for note in notes if note["begun"] > killed["at"]}
    assert len(after) == NODES - 1 and killed["node"] not in after
    assert any(note["begun"] > killed["at"] for note in step)
    assert disturbed["digests"] == local


def test_outcomes_and_progress_come_in_order(story: dict[str, Any]) -> None:
    assert story["small"]["outcomes"] == [number * 2 for number in range(20)]
    assert story["small"]["seen"] == [[done, 20] for done in range(1, 21)]


def test_errors_arrive_as_they_were_raised(story: dict[str, Any]) -> None:
    raised = story["small"]["raised"]
    ours, foreign, odd = (raised[name] for name in ("fail_ours", "fail_foreign", "fail_oddly"))
    assert ours["kind"] == "NotFound" and ours["ours"]["nearest"] == ["document"] and not ours["notes"]
    assert foreign["kind"] == "ZeroDivisionError" and "in fail_foreign" in "".join(foreign["notes"])
    assert odd["kind"] == "RuntimeError" and odd["text"].startswith("Odd: ")


def test_the_first_failure_stops_the_rest(story: dict[str, Any]) -> None:
    began = Counter(note["step"] for note in story["small"]["notes"])
    assert began["double"] == 20 and began["fail_ours"] < 20 and began["fail_foreign"] < 20


def test_a_task_that_takes_its_worker_along_is_not_tried_for_ever(story: dict[str, Any]) -> None:
    error = story["small"]["raised"]["crash"]
    assert error["kind"] == "Unavailable"
    assert error["text"].startswith("task 1: started 2 times")
