"""Who may come in, and what a page of somebody else may not do."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from caseback.studio.app import studio
from caseback.studio.desk import Desk
from caseback.studio.door import LASTS, TRIES, WINDOW, Door
from caseback.studio.guard import BODY, Hosts
from caseback.studio.serve import address_of, bound, hosts_for

HTML = {"accept": "text/html"}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def door() -> Door:
    return Door("a long password", clock=Clock())


@pytest.fixture
def client(door: Door, tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(studio(Desk(tmp_path), door), base_url="http://127.0.0.1:8000", follow_redirects=False) as found:
        yield found


def test_nobody_sees_a_page_without_coming_in(client: TestClient) -> None:
    answer = client.get("/audit?x=1", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/audit%3Fx%3D1")
    assert client.get("/audit.json").status_code == 401
    assert client.get("/documents/cards/mine", headers={"accept": "*/*"}).status_code == 401
    assert client.post("/chat/say", json={}).status_code == 401
    assert client.get("/static/studio.css").status_code == 200


def test_the_link_lets_one_person_in_once(client: TestClient, door: Door) -> None:
    link = f"/login?token={door.link}"
    answer = client.get(link)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert client.get("/", headers=HTML).status_code == 200
    client.cookies.clear()
    assert client.get(link, headers=HTML).status_code == 401
    assert client.get("/login?token=", headers=HTML).status_code == 401
    assert client.get("/", headers=HTML).status_code == 303


def test_who_only_asks_what_is_behind_the_link_does_not_use_it_up(client: TestClient, door: Door) -> None:
    link = f"/login?token={door.link}"
    assert client.head(link).status_code == 200
    assert client.get(link).status_code == 303


def test_links_that_are_none_do_not_shut_the_door(client: TestClient, door: Door) -> None:
    """A foreign page can make a browser ask for as many as it wants."""
    for _ in range(2 * TRIES):
        assert client.get("/login?token=none", headers=HTML).status_code == 401
    assert client.get(f"/login?token={door.link}").status_code == 303
    client.cookies.clear()
    assert client.post("/login", data={"password": "a long password"}).status_code == 303


def test_two_studios_in_one_browser_keep_their_sessions(tmp_path: Path) -> None:
    doors = {port: Door() for port in (8000, 8001)}
    cookies: dict[str, str] = {}
    for port, door in doors.items():
        app = studio(Desk(tmp_path), door)
        with TestClient(app, base_url=f"http://127.0.0.1:{port}", follow_redirects=False) as client:
            assert client.get(f"/login?token={door.link}").status_code == 303
            cookies |= dict(client.cookies)
    for port, door in doors.items():
        app = studio(Desk(tmp_path), door)
        with TestClient(app, base_url=f"http://127.0.0.1:{port}", cookies=cookies) as client:
            assert client.get("/index.json").status_code == 200


def test_a_wrong_password_is_refused_and_many_shut_the_door_for_a_while(client: TestClient, door: Door) -> None:
    for _ in range(TRIES - 1):
        assert client.post("/login", data={"password": "wrong"}, headers=HTML).status_code == 401
    assert client.post("/login", data={"password": "wrong"}, headers=HTML).status_code == 429
    assert client.post("/login", data={"password": "a long password"}, headers=HTML).status_code == 429
    door.clock.now += WINDOW + 1  # type: ignore[attr-defined]
    assert client.post("/login?next=/audit", data={"password": "a long password"}).headers["location"] == "/audit"


@pytest.mark.parametrize("away", ["//evil.example", "https://evil.example", "/\\evil.example", "evil"])
def test_coming_in_leads_nowhere_else(client: TestClient, away: str) -> None:
    answer = client.post("/login", params={"next": away}, data={"password": "a long password"})
    assert answer.headers["location"] == "/"


def test_a_session_ends(client: TestClient, door: Door) -> None:
    client.post("/login", data={"password": "a long password"})
    csrf = re.findall(r'name="csrf" content="([^"]+)"', client.get("/", headers=HTML).text)[0]
    assert client.post("/logout", data={"csrf": "wrong"}, headers=HTML).status_code == 403
    [(name, kept)] = client.cookies.items()
    assert client.post("/logout", data={"csrf": csrf}).status_code == 303
    client.cookies.set(name, kept)
    assert client.get("/", headers=HTML).status_code == 303
    client.cookies.clear()
    client.post("/login", data={"password": "a long password"})
    assert client.get("/", headers=HTML).status_code == 200
    door.clock.now += LASTS  # type: ignore[attr-defined]
    assert client.get("/", headers=HTML).status_code == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "evil.example:8000"}, 421),
        ({"host": "127.0.0.1.evil.example"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"origin": "null"}, 403),
        ({"content-length": "many"}, 400),
        ({"host": "localhost:8000", "origin": "http://localhost:8000"}, 200),
    ],
)
def test_foreign_names_and_pages_are_refused(client: TestClient, headers: dict[str, str], status: int) -> None:
    answer = client.get("/login", headers={**HTML, **headers})
    assert answer.status_code == status
    assert answer.headers["x-frame-options"] == "DENY"
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_a_large_form_is_refused_with_and_without_its_length(client: TestClient) -> None:
    assert client.post("/login", content=b"x" * (BODY + 1), headers=HTML).status_code == 413
    pieces = (b"x" * 1024 for _ in range(BODY // 1024 + 2))
    assert client.post("/login", content=pieces, headers=HTML).status_code == 413
    many = "&".join(f"a{n}=1" for n in range(100)).encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/login", content=many, headers={**HTML, **kind}).status_code == 400


def test_a_post_needs_the_token_of_its_session_and_a_known_form(client: TestClient) -> None:
    client.post("/login", data={"password": "a long password"})
    assert client.post("/live/x/alerts/y/resolve", data={"who": "ann"}, headers=HTML).status_code == 403
    assert client.post("/live/x/alerts/y/resolve", content=b"who=ann", headers=HTML).status_code == 415
    assert client.post("/chat/say", content=b"[", headers={"content-type": "application/json"}).status_code == 400
    assert client.post("/chat/say", content=b"[1]", headers={"content-type": "application/json"}).status_code == 400
    assert client.get("/logout").status_code == 405


def test_which_names_a_studio_answers_to() -> None:
    assert Hosts().allow("127.0.0.1:80")
    assert Hosts().allow("[::1]:80")
    assert not Hosts().allow("10.0.0.7:80")
    wide = hosts_for("0.0.0.0", ("studio.example",))
    assert wide.allow("10.0.0.7:80")
    assert wide.allow("studio.example")
    assert not wide.allow("evil.example")
    assert hosts_for("127.0.0.1", ("Studio.Example",)).allow("studio.example:80")


@pytest.mark.parametrize(
    ("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("fe80::7", "[fe80::7]")]
)
def test_an_address_is_printed_as_a_browser_takes_it(host: str, shown: str) -> None:
    with bound("127.0.0.1", 0) as listening:
        assert address_of(listening, host) == f"http://{shown}:{listening.getsockname()[1]}"
