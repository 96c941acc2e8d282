"""Runs: a peer's in its environment, kept where one of the same corpus, code and round is there; ours always anew."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import once
from benchmarks.peers.environments import HERE, make_environment, process_environment, requirements

PEERS = ("datatrove", "dolma", "datajuicer")
OURS = "ours"
OUR_OPTIONS = ("--quality", "gopher@1", "--formats", "megatron")


@dataclass(frozen=True)
class Place:
    """A corpus, a tiny one for the start-up, the tokenizer, and the folder that keeps environments, work and runs."""

    corpus: Path
    tiny: Path
    tokenizer: Path
    folder: Path

    @property
    def key(self) -> str:
        """What the corpus and the tokenizer are."""
        files = sorted(self.corpus.glob("*/*.jsonl"))
        names = [f"{file.parent.name}/{file.name} {file.stat().st_size}" for file in files]
        tokenizer = hashlib.sha256(self.tokenizer.read_bytes()).hexdigest()
        return hashlib.sha256("\n".join([*names, tokenizer]).encode()).hexdigest()[:12]


def run(system: str, place: Place, number: int) -> dict[str, Any]:
    """Figures of one system in one round, its start-up under `start`: CPU seconds of a run over the tiny corpus."""
    if system == OURS:
        work = place.folder / "work" / OURS
        options = (*OUR_OPTIONS, "--tokenizer", str(place.tokenizer))
        start = once.measure(place.tiny, work, *options)
        return {**once.measure(place.corpus, work, *options), "start": start["cpu"]}
    runner = HERE / system / "runner.py"
    code = b"".join(path.read_bytes() for path in (runner, HERE / "measuring.py", requirements(system)))
    name = f"{place.key}-{hashlib.sha256(code).hexdigest()[:12]}-{number}.json"
    kept = place.folder / "runs" / system / name
    if kept.exists():
        figures: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return figures
    start = start_peer(system, place.tiny, place)
    figures = {**start_peer(system, place.corpus, place), "start": start["cpu"]}
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(figures), encoding="utf-8")
    return figures


def start_peer(
    peer: str, corpus: Path, place: Place, program: str = "runner.py", *arguments: str
) -> dict[str, Any]:
    """Run one of a peer's programs over a corpus in a new process; its log stays beside its work folder."""
    interpreter = make_environment(peer, place.folder / "envs")
    work, home = place.folder / "work" / peer, place.folder / "home" / peer
    for folder in (work, home):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    report, log = work.with_suffix(".json"), work.with_suffix(".log")
    command = [
        str(interpreter.absolute()),
        str(HERE / peer / program),
        str(corpus.resolve()),
        str(work.resolve()),
    ]
    command += [str(place.tokenizer.resolve()), str(report.resolve()), *arguments]
    with log.open("w", encoding="utf-8") as output:
        done = subprocess.run(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=process_environment(home),
            cwd=work,
            check=False,
        )
    if done.returncode:
        end = "\n".join(log.read_text(encoding="utf-8").splitlines()[-20:])
        raise RuntimeError(f"{peer} ended with {done.returncode}; the end of {log}:\n{end}")
    figures: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    for folder in (work, home):
        shutil.rmtree(folder, ignore_errors=True)
    report.unlink()
    return figures
