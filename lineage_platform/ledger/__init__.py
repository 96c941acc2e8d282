"""Tamper evidence: canonical bytes, RFC 6962 Merkle tree, signed checkpoints, proofs. Pure but for the key file.

    salt = new_salt()
    leaf = merkle.leaf_hash(merkle.commitment(salt, canonical(event)))
    nodes = merkle.new_nodes(size, [leaf], get_node)                # store these, then:
    checkpoint = Checkpoint(origin, size + 1, merkle.root(size + 1, get_node))
    note = sign(checkpoint, load_or_create_key(path))

A leaf commits to salt and payload. Both can be erased later: the commitment stays, and without the salt nobody can
guess a short payload from it.
"""
