"""The vectors of the specification are what the code makes, and a reader written from the page alone agrees."""

import base64
import hashlib
import json
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from caseback.disclosure.advisory.check import problems
from disclosure.bundle.vectors import BLOCK, PAGE, vectors

TEXT = PAGE.read_text(encoding="utf-8")
IN_PAGE = {found[1]: found[2] for found in BLOCK.findall(TEXT)}


def test_the_page_has_every_vector_as_the_code_makes_it() -> None:
    made = vectors()
    assert set(IN_PAGE) == set(made)
    assert {name for name in made if IN_PAGE[name] != made[name]} == set()


def test_the_advisory_of_the_page_fits_the_schema() -> None:
    assert problems(json.loads(IN_PAGE["advisory"])) == []


def test_signatures_of_the_page_hold_by_another_reader() -> None:
    """Written from the page with nothing of caseback."""
    key = json.loads(IN_PAGE["public-key"])
    raw = bytes.fromhex(key["key"])
    assert key["id"] == "sha256:" + hashlib.sha256(raw).hexdigest()
    public = Ed25519PublicKey.from_public_bytes(raw)
    for name in ("signature", "head", "message-signed", "rotation"):
        envelope = json.loads(IN_PAGE[name])
        payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"].encode()
        message = (
            b"DSSEv1 " + str(len(kind)).encode() + b" " + kind + b" " + str(len(payload)).encode() + b" " + payload
        )
        mine = next(each for each in envelope["signatures"] if each["keyid"] == key["id"])
        public.verify(base64.b64decode(mine["sig"]), message)
    manifest = IN_PAGE["manifest"].encode()
    statement = json.loads(base64.b64decode(json.loads(IN_PAGE["signature"])["payload"]))
    assert statement["subject"][0]["digest"]["sha256"] == hashlib.sha256(manifest).hexdigest()
    listed = json.loads(manifest)["files"]["advisory.json"]
    assert listed["sha256"] == hashlib.sha256(IN_PAGE["advisory"].encode()).hexdigest()
    assert listed["size"] == len(IN_PAGE["advisory"].encode())


def test_the_latent_of_the_page_is_read_by_another_reader() -> None:
    """Written from the page with nothing of caseback, torch or safetensors."""
    source = json.loads(IN_PAGE["latent"])
    data = base64.b64decode(IN_PAGE["latent-tensors"])
    length = int.from_bytes(data[:8], "little")
    [(name, about)] = json.loads(data[8 : 8 + length]).items()
    assert ({"tensor": name}, about["dtype"]) == (source["encoder"], "F32")
    begin, end = about["data_offsets"]
    encoder = struct.unpack(f"<{about['shape'][0]}f", data[8 + length :][begin:end])
    for row in IN_PAGE["latent-activations"].split("\n"):
        x, value = row.rsplit(" ", 1)
        pre = sum(a * b for a, b in zip(json.loads(x), encoder, strict=True)) + source["bias"]
        assert float(value) == (pre if pre > source["threshold"] and pre > 0 else 0)


def test_the_tree_of_the_page_adds_up_by_another_reader() -> None:
    lines = IN_PAGE["log"].split("\n")
    leaves = [hashlib.sha256(b"\0" + line.encode()).digest() for line in lines]
    assert [each.hex() for each in leaves] == IN_PAGE["leaves"].split("\n")
    assert [json.loads(line)["previous"] for line in lines] == ["", *(each.hex() for each in leaves[:-1])]

    def tree(part: list[bytes]) -> bytes:
        if len(part) < 2:
            return part[0] if part else hashlib.sha256(b"").digest()
        k = 1
        while k * 2 < len(part):
            k *= 2
        return hashlib.sha256(b"\1" + tree(part[:k]) + tree(part[k:])).digest()

    for row in IN_PAGE["roots"].split("\n"):
        n, value = row.split(" ")
        assert tree(leaves[: int(n)]).hex() == value
