"""Python distributions installed in a folder: every text file of their RECORD is a document.

A document's fields are `text`, `path` (below the folder), `distribution` (normalised name), `version` and `licence`. Text
files are source code, stubs, headers, documentation and licences, by name; of a distribution's metadata, METADATA and its
licence files. Left out: compiled files, data, files outside the folder, distributions without a RECORD, and editable
ones (PEP 610), whose files are somewhere else.

`licence` is what the distribution declares (core metadata specification), not interpreted; it counts where the source
says `record: {licence: licence}`:

    License-Expression: MIT
    License: BSD; Classifier: License :: OSI Approved :: BSD License
    License: Copyright (c) 2015 Jo Doe (text sha256:0123456789ab)
    Classifier: License :: OSI Approved :: MIT License; Classifier: License :: OSI Approved :: Apache Software License

The first form wins over the others. `License` is shortened as `licence` says and `UNKNOWN`, which old tools wrote
for nothing, is nothing. Classifiers stand in the order of the metadata. None means that nothing is declared: the
source's own terms apply.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path, PurePosixPath

from lineage_platform.errors import InvalidInput, NotFound
from lineage_platform.model.definitions import Source
from lineage_platform.transformations.reading.licence import shortened

_SOURCES = (
    ".py",
    ".pyi",
    ".pyx",
    ".pxd",
    ".pxi",
    ".c",
    ".cc",
    ".cpp",
    ".cxx",
    ".cu",
    ".rs",
    ".f",
    ".f90",
    ".sql",
)
_HEADERS = (".h", ".hh", ".hpp", ".hxx", ".cuh", ".proto", ".thrift")
_DOCUMENTATION = (".md", ".rst", ".txt")
_SUFFIXES = frozenset((*_SOURCES, *_HEADERS, *_DOCUMENTATION))
_LICENCES = re.compile(r"(licen[cs]e|copying|notice|copyright|authors|unlicense)", re.IGNORECASE)
_LICENCE_SUFFIXES = frozenset(("", *_DOCUMENTATION))


@dataclass(frozen=True)
class Installed:
    """A distribution: normalised name, version, declared licence."""

    distribution: str
    version: str
    licence: str | None


def installed_files(source: Source) -> dict[str, Installed]:
    """Path below `source.location` of each document, in order, and whose it is. A file of two distributions is the first's.

    Raises InvalidInput if a name in `source.distributions` is not installed or has no RECORD.
    """
    wanted = _names(source.distributions)
    files: dict[str, Installed] = {}
    known: dict[str, Distribution] = {}
    for found in distributions(path=[source.location]):
        for name in found.metadata.get_all("Name") or ():
            known.setdefault(normalised_name(name), found)
    for name in sorted(wanted - known.keys()):
        missing = NotFound("distribution", name, known)
        raise InvalidInput(f"{source.location}: {missing}; expected the names of installed distributions")
    for name, distribution in sorted(known.items()):
        if not _is_meant(source, name) or _is_editable(distribution):
            continue
        if distribution.files is None and name in wanted:
            raise InvalidInput(
                f"{source.location}: distribution {name} has no RECORD of its files; reinstall it with pip or uv"
            )
        installed = Installed(name, distribution.version, declared(distribution))
        for file in distribution.files or ():
            if _is_text(file):
                files.setdefault(file.as_posix(), installed)
    return dict(sorted(files.items()))


def record_files(source: Source) -> list[str]:
    """Paths below `source.location` of the RECORD of each distribution meant: an installer that changes one writes it."""
    folders = sorted(Path(source.location).glob("*.dist-info"))
    meant = [
        folder for folder in folders if _is_meant(source, normalised_name(folder.name.partition("-")[0]))
    ]
    return [f"{folder.name}/RECORD" for folder in meant if (folder / "RECORD").is_file()]


def normalised_name(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(distribution: Distribution) -> str | None:
    """The licence a distribution declares, in the form above."""
    metadata = distribution.metadata
    for value in metadata.get_all("License-Expression") or ():
        if expression := shortened(value):
            return f"License-Expression: {expression}"
    texts = [shortened(value) for value in metadata.get_all("License") or ()]
    parts = [f"License: {text}" for text in texts if text and text.upper() != "UNKNOWN"]
    classifiers = metadata.get_all("Classifier") or ()
    parts += [f"Classifier: {value}" for value in classifiers if value.startswith("License ::")]
    return "; ".join(parts) or None


def _is_meant(source: Source, name: str) -> bool:
    wanted = _names(source.distributions)
    return (name in wanted or not wanted) and name not in _names(source.exclude)


def _names(names: tuple[str, ...]) -> set[str]:
    return {normalised_name(name) for name in names}


def _is_editable(distribution: Distribution) -> bool:
    origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    return bool(origin.get("dir_info", {}).get("editable"))


def _is_text(file: PurePosixPath) -> bool:
    if ".." in file.parts or file.is_absolute():
        return False
    licence = bool(_LICENCES.match(file.name)) and file.suffix.lower() in _LICENCE_SUFFIXES
    if file.parts[0].endswith((".dist-info", ".egg-info")):
        return licence or file.name == "METADATA"
    return licence or file.suffix.lower() in _SUFFIXES
