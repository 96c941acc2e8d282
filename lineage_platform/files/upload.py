"""Remote files that are there only once they are whole."""

from __future__ import annotations

import ctypes
import io
from types import TracebackType
from typing import Any

from lineage_platform.files.faults import reaching
from lineage_platform.files.places import Remote
from lineage_platform.files.storage import file_system


def _never_complete(stream: Any) -> None:
    """Keep a stream until the process ends, at most one part of memory: PyArrow can only complete an upload, and does so
    when the last reference goes."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(stream))


class Upload(io.RawIOBase):
    """An object being written, streamed in several parts above 10 MB; `close` makes it whole and puts it in place.

    What `abandon` leaves in parts is no object: a lifecycle rule of the bucket takes it away.
    """

    def __init__(self, where: Remote) -> None:
        super().__init__()
        self._where = where
        with reaching(where):
            self._stream: Any = file_system().open_output_stream(where.address, compression=None)

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: Any) -> int:
        """Write all of `data`. Raises Unavailable."""
        with reaching(self._where):
            return int(self._stream.write(data))

    def tell(self) -> int:
        """Bytes written so far."""
        return int(self._stream.tell())

    def close(self) -> None:
        """The file is whole: it is there when this returns. Raises Unavailable."""
        if not self.closed:
            stream, self._stream = self._stream, None
            super().close()
            try:
                with reaching(self._where):
                    stream.close()
            except BaseException:
                _never_complete(stream)
                raise

    def abandon(self) -> None:
        """The file will not be whole: it does not come to be."""
        if not self.closed:
            _never_complete(self._stream)
            self._stream = None
            super().close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close() if kind is None else self.abandon()

    def __del__(self) -> None:
        if hasattr(self, "_stream"):
            self.abandon()
