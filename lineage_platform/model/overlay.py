"""What a row of the overlay covers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cover:
    """Whose terms are replaced: a source's, those of a range of document keys (both ends included), one document's, or a
    data subject's (by keyed hash, 32 bytes). Exactly one of them is given."""

    source: str | None = None
    keys: tuple[int, int] | None = None
    document: int | None = None
    subject: bytes | None = None

    def stated(self) -> dict[str, str]:
        """The JSON form: keys are decimal strings, the hash is in hex."""
        if self.source is not None:
            return {"source": self.source}
        if self.keys is not None:
            return {"keyFrom": str(self.keys[0]), "keyTo": str(self.keys[1])}
        if self.document is not None:
            return {"document": str(self.document)}
        assert self.subject is not None  # noqa: S101 - one of them is given
        return {"subject": self.subject.hex()}
