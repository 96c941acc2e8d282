"""Where bytes are: on a local disk, or on object storage that speaks S3.

    folder = place("s3://bucket/corpora")          # or place("/data/corpora"), a pathlib.Path
    with create(folder / "rows.arrow") as file:    # streamed; above 10 MB in several parts
        file.write(data)
    with open_input(folder / "rows.arrow") as file:  # mapped where local, read by ranges where not
        file.seek(offset)
        file.read_buffer(length)

A local place is a `pathlib.Path` and is used as one; a `Remote` can be pickled, and reads endpoint and credentials from
the environment of the process that opens it.
"""

from lineage_platform.files.access import (
    copy,
    create,
    length,
    open_input,
    read_bytes,
    read_ranges,
    release,
    release_tree,
    remove_tree,
    stream,
)
from lineage_platform.files.faults import outage, reaching
from lineage_platform.files.places import Place, Remote, pattern, place

__all__ = [
    "Place",
    "Remote",
    "copy",
    "create",
    "length",
    "open_input",
    "outage",
    "pattern",
    "place",
    "reaching",
    "read_bytes",
    "read_ranges",
    "release",
    "release_tree",
    "remove_tree",
    "stream",
]
