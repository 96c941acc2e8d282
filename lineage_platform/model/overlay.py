"""What a row of the overlay covers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from lineage_platform.model.subjects import SubjectHash

EVERYBODY = "*"
"""The source that a statement names which is about records of any source."""


@dataclass(frozen=True)
class Cover:
    """Whose terms are replaced: a source's, those of a terms number, of a range of document keys (both ends included), one
    document's, or a data subject's (by keyed hash, 32 bytes). Exactly one of them is given. A hash goes with the id of its key, and with
    those under the keys before it, oldest first."""

    source: str | None = None
    terms: int | None = None
    keys: tuple[int, int] | None = None
    document: int | None = None
    subject: bytes | None = None
    subject_key: str | None = None
    subject_earlier: tuple[bytes, ...] = ()

    @classmethod
    def of_subject(cls, subject: SubjectHash) -> Self:
        """A data subject, whatever key was the newest when a document was read."""
        return cls(subject=subject.hash, subject_key=subject.key, subject_earlier=subject.earlier)

    def stated(self) -> dict[str, Any]:
        """The JSON form: keys are decimal strings, the hash is in hex."""
        if self.source is not None:
            return {"source": self.source}
        if self.terms is not None:
            return {"terms": str(self.terms)}
        if self.keys is not None:
            return {"keyFrom": str(self.keys[0]), "keyTo": str(self.keys[1])}
        if self.document is not None:
            return {"document": str(self.document)}
        assert self.subject is not None  # noqa: S101 - one of them is given
        stated: dict[str, Any] = {"subject": self.subject.hex()}
        if self.subject_key is not None:
            stated["key"] = self.subject_key
        if self.subject_earlier:
            stated["earlier"] = [hashed.hex() for hashed in self.subject_earlier]
        return stated

    @classmethod
    def from_stated(cls, stated: Mapping[str, Any]) -> Self:
        """The inverse of `stated`; what else stands there is left out."""
        numbers = {name: int(stated[name]) for name in ("terms", "document") if name in stated}
        return cls(
            source=stated.get("source"),
            **numbers,
            keys=(int(stated["keyFrom"]), int(stated["keyTo"])) if "keyFrom" in stated else None,
            subject=bytes.fromhex(stated["subject"]) if "subject" in stated else None,
            subject_key=stated.get("key"),
            subject_earlier=tuple(map(bytes.fromhex, stated.get("earlier", ()))),
        )
