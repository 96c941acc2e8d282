"""A Python environment for each peer, made by uv from its pinned requirements, and what its processes see of ours."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "UV_OFFLINE": "1",
    "PIP_NO_INDEX": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "RAYON_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
"""Nothing leaves, nothing is downloaded, and one thread does the work: Data-Juicer would install packages while it runs."""


def requirements(peer: str) -> Path:
    """The pinned requirements of a peer."""
    return HERE / peer / "requirements.txt"


def make_environment(peer: str, folder: Path) -> Path:
    """The interpreter of a peer's environment below `folder`, made anew where its requirements changed.

    Raises CalledProcessError where the package index cannot be reached or lacks a package.
    """
    wanted = hashlib.sha256(requirements(peer).read_bytes()).hexdigest()
    place, stamp = folder / peer, folder / f"{peer}.made"
    interpreter = place / "bin" / "python"
    if stamp.exists() and stamp.read_text() == wanted and interpreter.exists():
        return interpreter
    shutil.rmtree(place, ignore_errors=True)
    uv = os.environ.get("UV", "uv")
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    for arguments in (
        ["venv", "--quiet", "--python", sys.executable, str(place)],
        ["pip", "install", "--quiet", "--python", str(interpreter), "-r", str(requirements(peer))],
    ):
        subprocess.run([uv, *arguments], check=True, env=environment)
    stamp.write_text(wanted)
    return interpreter


def process_environment(home: Path) -> dict[str, str]:
    """Environment variables of a peer's process; caches go below `home`. None of ours reach it."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, **OFFLINE, "HOME": str(home), "HF_HOME": str(home / "hub")}
