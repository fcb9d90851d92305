"""The test vectors of ``docs/advisory-format.md``, made by the code.

python tests/disclosure/bundle/vectors.py writes them into the page again, where the format has changed on purpose.
"""

import base64
import json
import re
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import torch
from safetensors.torch import save

from caseback.detectors.own_latent import OwnLatent
from caseback.detectors.plain import Beside, to_plain
from caseback.disclosure.bundle.bundle import signed
from caseback.disclosure.bundle.commitment import committed
from caseback.disclosure.bundle.envelope import PAYLOAD, encoded, opened, sealed, statement
from caseback.disclosure.bundle.key_statements import rotation
from caseback.disclosure.bundle.keys import public_data
from caseback.disclosure.bundle.manifest import sha256
from caseback.disclosure.bundle.tar import packed
from caseback.disclosure.feed.entry import entry_line, next_entry
from caseback.disclosure.feed.head import Head, signed_head
from caseback.disclosure.feed.keyring import Keyring, keyring_text
from caseback.disclosure.feed.merkle import consistency_proof, inclusion_proof, leaf_hash, root
from caseback.dossier.record import canonical
from caseback.interp.dictionary.dictionary import encode
from caseback.subject.site import Site
from disclosure.bundle.making import KEY, MODEL, OTHER, START, advisory

PAGE = Path(__file__).parents[3] / "docs" / "advisory-format.md"
BLOCK = re.compile(r"(<!-- vector: ([a-z-]+) -->\n```[a-z]*\n)(.*?)(\n```)", re.DOTALL)


def latent_vectors() -> dict[str, str]:
    """A latent, its tensors, and what it gives of activations: one above its threshold, at it, below it, below 0."""
    encoder = torch.tensor([0.5, -1.0, 2.0, 0.25])
    made = OwnLatent("sha256:" + "cd" * 32, 1207, (Site("resid_post", 6),), encoder, -0.25, 0.5, MODEL, "")
    x_BD = torch.tensor([[1.0, 0, 0.5, 0], [0, 0, 0.375, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, -1, 0, 1]])
    beside = Beside()
    source = to_plain(made, beside)
    given = encode(made.dictionary, x_BD).of(0).tolist()
    rows = zip(x_BD.tolist(), given, strict=True)
    return {
        "latent": canonical(source).decode(),
        "latent-tensors": base64.b64encode(save(beside.tensors)).decode(),
        "latent-activations": "\n".join(f"{json.dumps(x)} {value}" for x, value in rows),
    }


def vectors() -> Mapping[str, str]:
    """By name, as they stand in the page."""
    files = signed({"advisory.json": canonical(advisory())}, KEY, START)
    archive = packed(files)
    rest = {"time": START, "kind": "advisory", "id": "LAB-2026-0001", "revision": 1}
    first = entry_line(next_entry([], **rest, file=sha256(archive), size=len(archive)))
    lines = [first]
    for number in range(2, 8):
        more = {**rest, "id": f"LAB-2026-{number:04}"}
        lines.append(entry_line(next_entry(lines, **more, file=f"{number:064x}", size=number)))
    leaves = [leaf_hash(line) for line in lines]
    ring = keyring_text(Keyring(KEY.public))
    head = Head("00112233445566778899aabbccddeeff", 7, root(leaves).hex(), START, START + timedelta(days=30),
                sha256(ring), KEY.public.id)  # fmt: skip
    handover = rotation(KEY, OTHER, 7, START)
    small = statement("urn:caseback:example:1", {"it": "00" * 32}, {"a": 1})
    return {
        "public-key": canonical(public_data(KEY.public)).decode(),
        "advisory": files["advisory.json"].decode(),
        "manifest": files["manifest.json"].decode(),
        "signature": files["signature.dsse.json"].decode(),
        "statement": canonical(
            opened(files["signature.dsse.json"], "urn:caseback:advisory-bundle:1", "it").statement
        ).decode(),
        "message": encoded(PAYLOAD, canonical(small)).decode(),
        "message-signed": sealed(small, [KEY]).decode(),
        "tar": f"{len(archive)} bytes, SHA-256 {sha256(archive)}",
        "log": "\n".join(line.decode() for line in lines),
        "leaves": "\n".join(each.hex() for each in leaves),
        "roots": "\n".join(f"{n} {root(leaves[:n]).hex()}" for n in range(len(leaves) + 1)),
        "inclusion": "\n".join(each.hex() for each in inclusion_proof(leaves, 2)),
        "consistency": "\n".join(each.hex() for each in consistency_proof(leaves, 3)),
        "keys": ring.decode(),
        "head": signed_head(head, KEY).decode(),
        "rotation": handover.decode(),
        "commitment": committed(b"what was said", bytes(range(32)))[0],
        **latent_vectors(),
    }


def main() -> None:
    made = vectors()
    text = BLOCK.sub(lambda found: found[1] + made[found[2]] + found[4], PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
