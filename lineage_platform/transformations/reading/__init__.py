"""Files in, raw records out: streaming, in bounded memory, with every fault a row and the rest of the file read.

    digest, files = reading.observe(source, engine=Engine(), progress=quiet)      # one pass over the bytes
    for record in read_file(source, folder_of(source), files[0], columns): ...    # files.read_file: Raw or Unreadable

One module a format. What each takes for a record, and what for a fault, stands at its top; these hold for all:

- Text is UTF-8, or the source's `encoding`; a byte order mark at the beginning is skipped; lines end with LF or CR LF.
- A record's ordinal counts the records and faults of its file from 0; empty lines are neither.
- A file of no bytes has no records, except that a text or Markdown file is one document, whose text is empty, and a
  Parquet file of no bytes is damaged.
- A record longer than `max_record_bytes` is passed over without being held in memory.
- A compressed or Parquet file that ends too early, or is damaged, gives what can be read, then one fault for the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineage_platform.model.definitions import Source
    from lineage_platform.model.versions import SnapshotFile
    from lineage_platform.transformations.engine import Engine, Progress

CODE_VERSION = "reading@1"


def observe(source: Source, *, engine: Engine, progress: Progress) -> tuple[str, tuple[SnapshotFile, ...]]:
    """Snapshot digest (hex) and files of a source: see `observation.observe`."""
    from lineage_platform.transformations.reading import observation

    return observation.observe(source, engine=engine, progress=progress)


def appearance(source: Source) -> list[tuple[str, int, str]]:
    """Path, size and time of the last change of every file (of Python distributions: of every RECORD), without reading
    any: when these are the same, the content very likely is. Raises InvalidInput where `observe` would find no file."""
    from lineage_platform.transformations.reading.locate import appearance

    return appearance(source)
