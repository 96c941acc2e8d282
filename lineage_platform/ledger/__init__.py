"""Tamper evidence: canonical bytes, RFC 6962 Merkle tree, signed checkpoints, proofs. Pure."""
