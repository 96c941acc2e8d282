"""The files of one shard: written from text and tokens, or shared with a version before."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import NoReturn, Protocol, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.errors import VerificationFailed
from lineage_platform.files import Place
from lineage_platform.model.tables import SHARD
from lineage_platform.model.versions import Part
from lineage_platform.transformations.encoder import Encoder
from lineage_platform.transformations.megatron import MegatronWriter
from lineage_platform.transformations.parts import PartWriter

Counts = npt.NDArray[np.int32]
"""Tokens of each row, without the end-of-document token."""


class ShardFiles(Protocol):
    """Use as a context manager, documents in order; then read `parts`."""

    parts: list[Part]

    def add(self, rows: pa.RecordBatch) -> Counts:
        """Take the next documents; returns their tokens."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""


class Written:
    """Files of every format, for rows with text."""

    def __init__(self, scratch: Place, shard: int, formats: Sequence[str], encoder: Encoder) -> None:
        self.parts: list[Part] = []
        name = f"shard-{shard:05d}"
        self._encoder = encoder
        self._stack = ExitStack()
        self._parquet: PartWriter | None = None
        self._megatron: MegatronWriter | None = None
        if "parquet" in formats:
            self._parquet = self._stack.enter_context(PartWriter(scratch, f"{name}.parquet", "shard", SHARD))
        if "megatron" in formats:
            self._megatron = self._stack.enter_context(
                MegatronWriter(scratch, name, encoder.vocabulary, encoder.end_of_document)
            )

    def add(self, rows: pa.RecordBatch) -> Counts:
        """Tokenise and append documents."""
        tokens, offsets = self._encoder.encode(rows.column("text"))
        if self._parquet is not None:
            self._parquet.write(rows.select(SHARD.names))
        if self._megatron is not None:
            self._megatron.write(tokens, offsets)
        return np.diff(offsets).astype(np.int32)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)
        if self._parquet is not None and self._parquet.part is not None:
            self.parts.append(self._parquet.part)
        if self._megatron is not None:
            self.parts += self._megatron.parts


class Shared:
    """Files that are there already, for rows without text; `tokens` are those of all rows, as they were placed before."""

    def __init__(self, shard: int, parts: Sequence[Part], tokens: Counts) -> None:
        self.parts = list(parts)
        self._shard = shard
        self._tokens = tokens
        self._rows = 0

    def add(self, rows: pa.RecordBatch) -> Counts:
        """The tokens of the next documents; raises VerificationFailed where no row was placed for one."""
        first, self._rows = self._rows, self._rows + rows.num_rows
        if self._rows > len(self._tokens):
            self._refuse()
        return self._tokens[first : self._rows]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._rows < len(self._tokens):
            self._refuse()

    def _refuse(self) -> NoReturn:
        raise VerificationFailed(
            f"shard {self._shard}: got {self._rows} rows with the fingerprint of the version before, which placed "
            f"{len(self._tokens)}"
        )
