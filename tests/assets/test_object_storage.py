"""The main job and its questions with the store on object storage, which fails now and then."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lineage_platform.files import Remote
from tests.assets.conftest import Made
from tests.assets.running import LINEAGE, Versions, environment, versions
from tests.assets.worlds import make_workspace
from tests.files.fixtures import environment as credentials
from tests.files.server import Server, first_of_each

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Deployment:
    """The small workspace, its files in a bucket; data subjects are hashed with the key of another deployment."""

    root: Path
    subject_key: Path
    store: Remote
    server: Server

    def lineage(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        own = {**environment(self.root), **credentials(self.server), "LINEAGE_STORE_URL": str(self.store)}
        own["LINEAGE_SUBJECT_KEY_FILE"] = str(self.subject_key)
        return subprocess.run(
            [str(LINEAGE), *arguments], env={**own, **more}, capture_output=True, text=True, timeout=600
        )

    def answer(self, *arguments: str) -> Any:
        done = self.lineage(*arguments, "--json")
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)


@pytest.fixture
def deployment(made: Made, bucket: Remote, s3: Server, tmp_path: Path) -> Iterator[Deployment]:
    key = made.root / ".lineage" / "keys" / "subject.key"
    found = Deployment(make_workspace(tmp_path / "workspace"), key, bucket, s3)
    yield found
    found.lineage("down")


def test_the_main_job_and_questions(
    undisturbed: Versions, deployment: Deployment, s3: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3.failing(first_of_each("500 Internal Server Error", "503 Slow Down", "dropped")):
        done = deployment.lineage("materialize", "mini")
        assert done.returncode == 0, done.stdout + done.stderr
    assert versions(deployment.root) == undisturbed
    assert not (deployment.root / ".lineage" / "store").exists()
    listed = [request.key for request in s3.requests if request.operation == "ListObjects"]
    own = re.compile(rf"{deployment.store.key}/(scratch/[0-9a-f-]*/?|objects/([0-9a-f]{{2}}/)?)")
    assert [key for key in listed if not own.fullmatch(key)] == []
    left = {key for key in listed if listed.count(key) > 1 and key.count("/") > 3}
    assert left == set()

    s3.forget()
    shards = deployment.answer("shards")["shards"]
    assert s3.requests == []
    assert all(file["path"].startswith(f"{deployment.store}/objects/") for file in shards[0]["files"])
    trace = deployment.answer("trace", shards[0]["shard"])
    assert trace["documents"] == shards[0]["documents"]
    text = deployment.answer("trace", shards[0]["shard"], "--row", "0", "--text")["text"]
    assert text
    assert deployment.answer("impact", "--source", "notes")["corpora"]
    assert s3.operations() == {"HeadObject", "GetObject"}
    assert all(request.range for request in s3.requests if request.operation == "GetObject")
    assert deployment.answer("verify")["ok"] is True
    assert s3.operations() == {"HeadObject", "GetObject"}

    told = deployment.lineage("env").stdout
    assert str(deployment.store) in told and s3.endpoint in told
    assert "secret-of-somebody" not in told
    with s3.failing(lambda request: "503 Slow Down"):
        for question in (("trace", shards[0]["shard"]), ("verify",)):
            done = deployment.lineage(*question, AWS_MAX_ATTEMPTS="1")
            assert done.returncode == 3, done.stdout + done.stderr
            assert "after several tries, expected an answer" in done.stderr
            assert "Traceback" not in done.stderr and "secret-of-somebody" not in done.stderr
