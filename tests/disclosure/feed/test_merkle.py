"""The log's tree is RFC 6962's: roots known from Certificate Transparency, and proofs that hold for nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.disclosure.feed.merkle import (
    EMPTY,
    consistency_proof,
    consistent,
    included,
    inclusion_proof,
    leaf_hash,
    root,
)
from caseback.errors import CasebackError

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Of the first 1, 2, … leaves, from the tests of google/certificate-transparency."""


def test_roots_are_those_of_certificate_transparency() -> None:
    leaves = [leaf_hash(bytes.fromhex(each)) for each in LEAVES]
    assert [root(leaves[:n]).hex() for n in range(1, 9)] == ROOTS
    assert EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def leaves_of(n: int) -> list[bytes]:
    return [leaf_hash(str(each).encode()) for each in range(n)]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 13, 16, 33])
def test_every_entry_is_proved_and_no_other(size: int) -> None:
    leaves = leaves_of(size)
    whole = root(leaves)
    for index in range(size):
        proof = inclusion_proof(leaves, index)
        assert included(leaves[index], index, size, proof, whole)
        assert not included(leaf_hash(b"another"), index, size, proof, whole)
        assert not included(leaves[index], (index + 1) % (size + 1), size, proof, whole)
        assert not included(leaves[index], index, size, [*proof, whole], whole)
        for at in range(len(proof)):
            assert not included(leaves[index], index, size, [*proof[:at], EMPTY, *proof[at + 1 :]], whole)
            assert not included(leaves[index], index, size, proof[:at] + proof[at + 1 :], whole)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 13, 16, 33])
def test_every_beginning_is_proved_and_no_other(size: int) -> None:
    leaves = leaves_of(size)
    whole = root(leaves)
    for old in range(1, size + 1):
        proof, before = consistency_proof(leaves, old), root(leaves[:old])
        assert consistent(old, size, proof, before, whole)
        assert not consistent(old, size, proof, EMPTY, whole)
        assert not consistent(old, size, proof, before, EMPTY)
        for at in range(len(proof)):
            assert not consistent(old, size, [*proof[:at], EMPTY, *proof[at + 1 :]], before, whole)
        changed = [*leaves[: old - 1], leaf_hash(b"rewritten"), *leaves[old:]]
        assert old == size or not consistent(old, size, consistency_proof(changed, old), before, root(changed))


@given(st.integers(1, 70), st.integers(0, 69), st.lists(st.binary(min_size=32, max_size=32), max_size=8))
def test_no_drawn_proof_holds(size: int, index: int, proof: list[bytes]) -> None:
    leaves = leaves_of(size)
    if index < size and proof == inclusion_proof(leaves, index):
        return
    assert not included(leaf_hash(b"forged"), index, size, proof, root(leaves))


def test_what_is_not_there_has_no_proof() -> None:
    with pytest.raises(CasebackError):
        inclusion_proof(leaves_of(3), 3)
    with pytest.raises(CasebackError):
        consistency_proof(leaves_of(3), 0)
    assert not consistent(0, 3, [], EMPTY, root(leaves_of(3)))
    assert not consistent(4, 3, [], EMPTY, root(leaves_of(3)))
