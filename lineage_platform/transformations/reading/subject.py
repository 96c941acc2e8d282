"""What stands for a data subject, in documents and in questions about them."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata


def subject_hash(key: bytes, value: str) -> bytes:
    """HMAC-SHA256 (RFC 2104) of the subject's name in NFC, without white space around it, case folded; the key stays in
    this deployment, so that the hash is a pseudonym (GDPR Article 4(5))."""
    folded = unicodedata.normalize("NFC", value).strip().casefold()
    return hmac.digest(key, folded.encode("utf-8", "surrogatepass"), hashlib.sha256)
