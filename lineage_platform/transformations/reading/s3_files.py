"""Files on object storage as fsspec shows them, listed in one go."""

from __future__ import annotations

from typing import Any

from fsspec.implementations.arrow import ArrowFSWrapper
from pyarrow.fs import FileSelector, FileType

from lineage_platform.files.download import Download


class S3Files(ArrowFSWrapper):  # type: ignore[misc]  # fsspec has no types
    """PyArrow's S3 file system, whose patterns raise where a folder cannot be listed: fsspec's would leave its files out."""

    def _open(self, path: str, mode: str = "rb", **_options: Any) -> Any:
        return Download(self.fs.open_input_file(path)) if mode == "rb" else super()._open(path, mode)

    def find(
        self,
        path: str,
        maxdepth: int | None = None,
        withdirs: bool = False,
        detail: bool = False,
        **_options: Any,
    ) -> Any:
        """Everything below a folder, by name. Raises OSError."""
        base = path.strip("/")
        found = {
            item.path: {
                "name": item.path,
                "size": item.size,
                "type": "file" if item.is_file else "directory",
                "mtime": item.mtime,
            }
            for item in self.fs.get_file_info(FileSelector(base, recursive=True, allow_not_found=True))
            if (withdirs or item.type == FileType.File)
            and (maxdepth is None or item.path.removeprefix(base).count("/") <= maxdepth)
        }
        return found if detail else sorted(found)
