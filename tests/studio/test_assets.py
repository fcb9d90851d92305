"""What pages load is what was pinned."""

import hashlib
from importlib.resources import files

import pytest

from caseback.errors import CasebackError
from caseback.studio import assets as module
from caseback.studio.assets import assets, themes, vendored


def test_every_vendored_file_is_pinned_with_its_licence() -> None:
    folder = files("caseback.studio") / "static"
    names = {each.name for each in folder.iterdir()}
    pinned = vendored()
    assert {name for name in names if name[:5] in ("htmx-", "uPlot")} == set(pinned)
    for name, about in pinned.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == about["sha256"]
        assert about["version"] in name
        assert any(other.endswith("LICENSE") and about["version"] in other for other in pinned)


def test_a_changed_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {**vendored(), "htmx-4.0.1.min.js": {**vendored()["htmx-4.0.1.min.js"], "sha256": "0" * 64}}
    monkeypatch.setattr(module, "vendored", lambda: wrong)
    with pytest.raises(CasebackError, match=r"htmx-4\.0\.1\.min\.js .* install caseback again"):
        assets.__wrapped__()


def test_a_chosen_theme_has_the_colours_of_the_system_s() -> None:
    found = themes(":root { --a: 1; color-scheme: light dark; }\n@media x { :root { --a: 2; } }")
    light, dark = found.strip().split("\n")
    assert "--a: 1" in light
    assert "--a: 2" in dark
    assert "color-scheme: dark" in dark
    assert '[data-theme="light"]' in light


def test_no_page_of_ours_holds_an_inline_style_or_script() -> None:
    for each in (files("caseback.studio") / "templates").iterdir():
        text = each.read_text()
        assert " style=" not in text, each.name
        assert "<style" not in text, each.name
        assert " onclick" not in text, each.name
        assert not [part for part in text.split("<script")[1:] if "src=" not in part and "application/json" not in part]
