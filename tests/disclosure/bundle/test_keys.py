"""Keys: signatures hold, private files are private, and what is not a key is refused."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from caseback.disclosure.bundle.envelope import sealed, statement
from caseback.disclosure.bundle.key_statements import REVOCATION, ROTATION, revocation, rotation, standings
from caseback.disclosure.bundle.keys import load_key, load_public, made_key, public_data, public_from, save_key
from caseback.errors import CasebackError
from disclosure.bundle.making import KEY, OTHER, START


def test_the_key_of_rfc_8032_signs_as_the_rfc_says() -> None:
    secret = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    key = made_key("RFC 8032, test 1", secret=secret)
    assert key.public.raw.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    signature = key.sign(b"")
    assert signature.hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
        "655141438e7a100b"
    )
    assert key.public.signed(signature, b"")
    assert not key.public.signed(signature, b"x")


def test_a_key_comes_back_from_disk_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "lab"
    save_key(KEY, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key(path).public == KEY.public == load_public(path.with_name("lab.pub.json"))
    assert b"PRIVATE" not in path.with_name("lab.pub.json").read_bytes()
    with pytest.raises(CasebackError, match="never written over"):
        save_key(OTHER, path)
    path.chmod(0o640)
    with pytest.raises(CasebackError, match="chmod 600"):
        load_key(path)


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "k"
    save_key(KEY, path)
    public = path.with_name("k.pub.json")
    public.write_bytes(public.read_bytes().replace(b"Example Lab", b"Another Lab"))
    assert load_key(path).public.name == "Another Lab"  # a name shows nothing
    data = public_data(OTHER.public)
    from caseback.dossier.record import canonical

    public.write_bytes(canonical(data))
    with pytest.raises(CasebackError, match="another key"):
        load_key(path)
    for wrong in ({}, {**data, "more": 1}, {**data, "id": KEY.public.id}, {**data, "key": "00"}, [], None):
        with pytest.raises(CasebackError):
            public_from(wrong)
    path.write_bytes(b"nonsense")
    os.chmod(path, 0o600)
    with pytest.raises(CasebackError, match="PEM"):
        load_key(path)
    with pytest.raises(CasebackError, match="key new"):
        load_key(tmp_path / "none")


PINNED = {KEY.public.id: KEY.public}
THIRD = made_key("Third", 365, bytes([9]) * 32, START)


def test_a_handover_is_followed_and_ends_the_old_key() -> None:
    found = standings(PINNED, [rotation(KEY, OTHER, 5, START), rotation(OTHER, THIRD, 9, START)])
    covers = {each.key.name: [n for n in range(12) if each.covers(n)] for each in found.values()}
    assert covers == {"Example Lab": [0, 1, 2, 3, 4], "Another Lab": [5, 6, 7, 8], "Third": [9, 10, 11]}


def test_a_handover_by_a_stranger_is_not_followed() -> None:
    assert set(standings(PINNED, [rotation(OTHER, THIRD, 0, START)])) == set(PINNED)


@pytest.mark.parametrize("wrong", [["x"], {}, None, 1])
def test_a_statement_about_what_is_no_key_is_refused(wrong: object) -> None:
    handed = {"old": wrong, "new": public_data(OTHER.public), "from": 0, "at": "2026-11-01T09:00:00Z"}
    taken = {"key": wrong, "until": 0, "why": "x", "at": "2026-11-01T09:00:00Z"}
    for kind, said in ((ROTATION, handed), (REVOCATION, taken)):
        with pytest.raises(CasebackError, match="key statement 1"):
            standings(PINNED, [sealed(statement(kind, {"key": "0" * 64}, said), [KEY])])


def test_a_key_handed_over_twice_is_trusted_no_further() -> None:
    with pytest.raises(CasebackError, match="handed over twice"):
        standings(PINNED, [rotation(KEY, OTHER, 5, START), rotation(KEY, THIRD, 5, START)])


def test_a_revocation_counts_by_the_key_itself_and_by_its_follower_only() -> None:
    follow = rotation(KEY, OTHER, 5, START)
    by_self = standings(PINNED, [revocation(KEY.public.id, KEY, 2, "lost")])[KEY.public.id]
    assert [by_self.covers(n) for n in range(4)] == [True, True, False, False]
    by_next = standings(PINNED, [follow, revocation(KEY.public.id, OTHER, 0, "stolen")])
    assert not by_next[KEY.public.id].covers(0)
    assert by_next[OTHER.public.id].covers(5)
    stranger = standings(PINNED, [revocation(KEY.public.id, THIRD, 0, "mischief")])[KEY.public.id]
    assert stranger.covers(0)
    before = standings(PINNED, [follow, revocation(OTHER.public.id, KEY, 0, "no")])[OTHER.public.id]
    assert before.covers(5), "an older key may not take back the one that followed it"


def test_an_expired_key_is_one(tmp_path: Path) -> None:
    assert KEY.public.expires == START + timedelta(days=365)
    with pytest.raises(CasebackError, match="at least"):
        made_key("x", 0)
    with pytest.raises(CasebackError, match="name"):
        made_key(" ")
