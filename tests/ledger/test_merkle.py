from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.errors import VerificationFailed
from lineage_platform.ledger import merkle
from tests.ledger.logs import Log
from tests.vectors import make_merkle as naive

VECTORS = json.loads((Path(naive.__file__).with_name("merkle.json")).read_text())

leaf_lists = st.lists(st.binary(max_size=8), max_size=70)


def test_vectors_are_what_their_generator_makes() -> None:
    assert [leaf.hex() for leaf in naive.LEAVES] == VECTORS["leaves"]
    assert [naive.mth(naive.LEAVES[:n]).hex() for n in range(9)] == VECTORS["roots"]
    assert VECTORS["roots"][8] == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_roots_of_the_vectors() -> None:
    log = Log(naive.LEAVES)
    assert [merkle.root(size, log.node).hex() for size in range(9)] == VECTORS["roots"]


@pytest.mark.parametrize("case", VECTORS["inclusion"], ids=lambda c: f"{c['index']}-of-{c['size']}")
def test_inclusion_proofs_of_the_vectors(case: dict) -> None:
    log = Log(naive.LEAVES)
    index, size, proof = case["index"], case["size"], [bytes.fromhex(item) for item in case["proof"]]
    assert merkle.inclusion_proof(index, size, log.node) == proof
    merkle.verify_inclusion(log.node(0, index), index, size, proof, bytes.fromhex(VECTORS["roots"][size]))


@pytest.mark.parametrize("case", VECTORS["consistency"], ids=lambda c: f"{c['first']}-to-{c['second']}")
def test_consistency_proofs_of_the_vectors(case: dict) -> None:
    log = Log(naive.LEAVES)
    m, n, proof = case["first"], case["second"], [bytes.fromhex(item) for item in case["proof"]]
    assert merkle.consistency_proof(m, n, log.node) == proof
    roots = [bytes.fromhex(item) for item in VECTORS["roots"]]
    merkle.verify_consistency(m, n, proof, roots[m], roots[n])


@given(leaf_lists, st.integers(1, 9))
def test_the_tree_is_that_of_the_recursive_definition_however_it_grew(
    leaves: list[bytes], batch: int
) -> None:
    log = Log(leaves, batch)
    assert merkle.root(len(leaves), log.node) == naive.mth(leaves)
    assert log.nodes == Log(leaves).nodes


@given(leaf_lists)
def test_only_complete_subtrees_are_stored(leaves: list[bytes]) -> None:
    log = Log(leaves)
    expected = {(level, index) for level in range(8) for index in range(len(leaves) >> level)}
    assert set(log.nodes) == expected
    for level, index in expected:
        assert log.node(level, index) == naive.mth(leaves[index << level : (index + 1) << level])


@given(leaf_lists.filter(bool), st.data())
def test_inclusion(leaves: list[bytes], data: st.DataObject) -> None:
    log = Log(leaves)
    size = data.draw(st.integers(1, len(leaves)))
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, log.node)
    root = naive.mth(leaves[:size])
    assert proof == naive.path(index, leaves[:size])
    merkle.verify_inclusion(merkle.leaf_hash(leaves[index]), index, size, proof, root)


@given(leaf_lists.filter(lambda leaves: len(leaves) > 1), st.data())
def test_no_wrong_inclusion_proof_is_accepted(leaves: list[bytes], data: st.DataObject) -> None:
    log = Log([bytes([i]) + leaf for i, leaf in enumerate(leaves)])
    size = log.size
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, log.node)
    root = merkle.root(size, log.node)
    leaf = log.node(0, index)
    merkle.verify_inclusion(leaf, index, size, proof, root)
    position = data.draw(st.integers(0, len(proof) - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda item: item != index))
    changed = [*proof[:position], merkle.leaf_hash(b"other"), *proof[position + 1 :]]
    for wrong in (
        (leaf, index, size, changed, root),
        (leaf, index, size, proof[:-1], root),
        (leaf, index, size, [*proof, proof[0]], root),
        (leaf, other, size, proof, root),
        (log.node(0, other), index, size, proof, root),
        (leaf, index, size, proof, merkle.EMPTY_ROOT),
        (leaf, size, size, proof, root),
        (leaf, -1, size, proof, root),
    ):
        with pytest.raises(VerificationFailed):
            merkle.verify_inclusion(*wrong)


@given(leaf_lists, st.data())
def test_consistency(leaves: list[bytes], data: st.DataObject) -> None:
    log = Log(leaves)
    n = data.draw(st.integers(0, len(leaves)))
    m = data.draw(st.integers(0, n))
    proof = merkle.consistency_proof(m, n, log.node)
    assert proof == naive.proof(m, leaves[:n])
    merkle.verify_consistency(m, n, proof, naive.mth(leaves[:m]), naive.mth(leaves[:n]))


@given(leaf_lists.filter(lambda leaves: len(leaves) > 1), st.data())
def test_no_rewritten_history_is_consistent(leaves: list[bytes], data: st.DataObject) -> None:
    leaves = [bytes([i]) + leaf for i, leaf in enumerate(leaves)]
    m = data.draw(st.integers(1, len(leaves) - 1))
    changed = data.draw(st.integers(0, m - 1))
    rewritten = Log([*leaves[:changed], b"rewritten", *leaves[changed + 1 :]])
    first, second = naive.mth(leaves[:m]), merkle.root(rewritten.size, rewritten.node)
    honest = merkle.consistency_proof(m, len(leaves), Log(leaves).node)
    for proof in (
        merkle.consistency_proof(m, rewritten.size, rewritten.node),
        honest,
        honest[:-1],
        [*honest, honest[0]],
        [],
    ):
        with pytest.raises(VerificationFailed):
            merkle.verify_consistency(m, rewritten.size, proof, first, second)


@pytest.mark.parametrize(("m", "n"), [(-1, 3), (4, 3)])
def test_sizes_in_the_wrong_order_are_refused(m: int, n: int) -> None:
    log = Log([b"a", b"b", b"c", b"d"])
    with pytest.raises(ValueError, match="expected 0 <= first <= second"):
        merkle.consistency_proof(m, n, log.node)
    with pytest.raises(VerificationFailed):
        merkle.verify_consistency(m, n, [], merkle.EMPTY_ROOT, merkle.EMPTY_ROOT)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_leaf_outside_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="leaf index"):
        merkle.inclusion_proof(index, size, Log([b"a", b"b", b"c"]).node)


def test_nothing_is_consistent_with_the_empty_tree_but_its_own_root() -> None:
    log = Log([b"a"])
    merkle.verify_consistency(0, 1, [], merkle.EMPTY_ROOT, merkle.root(1, log.node))
    with pytest.raises(VerificationFailed):
        merkle.verify_consistency(0, 1, [], log.node(0, 0), merkle.root(1, log.node))


def test_a_commitment_binds_salt_and_payload() -> None:
    salt = merkle.new_salt()
    assert len(salt) == merkle.SALT_BYTES
    assert salt != merkle.new_salt()
    first = merkle.commitment(salt, b"payload")
    assert first != merkle.commitment(salt, b"payloae")
    assert first != merkle.commitment(merkle.new_salt(), b"payload")
    with pytest.raises(ValueError, match="got 31 bytes"):
        merkle.commitment(salt[:-1], salt[-1:] + b"payload")
