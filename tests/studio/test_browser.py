"""The pages as a person sees them: nothing acts that should not, keys work, light and dark, narrow and wide."""

import json
import os
import re
from pathlib import Path

import pytest

from browser_for_tests import browser
from caseback.studio.desk import Desk, Gateway
from studio.shown_for_tests import serving
from watch.gateway.upstream import events, model_server, streamed

PATHS = (
    "/", "/constitution/mine", "/constitution/mine/clauses/do-no-harm", "/inside", "/inside/circuits/circuits/a-graph",
    "/audit", "/audit/calibration/shipped", "/audit/map/map", "/audit/model/audit", "/games", "/games/game",
    "/games/over", "/oversight", "/oversight/studies/overseen/ladder", "/oversight/studies/overseen/votes",
    "/oversight/notebooks/researched/notebook", "/live",
    "/live/watched", "/live/watched/exchanges", "/live/watched/exchanges/x000000001", "/live/watched/incidents",
    "/live/watched/review", "/live/watched/alerts", "/chat", "/disclosures", "/disclosures/mine",
)  # fmt: skip


def test_no_page_logs_asks_elsewhere_or_overflows_wide_or_narrow(runs: Path) -> None:
    with serving(Desk(runs)) as served, browser() as tab:
        tab.go(served.link())
        for width in (1280, 390):
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
            tab.send("Emulation.setDeviceMetricsOverride", **size)
            for path in PATHS:
                tab.go(served.address + path)
                assert tab.run("document.documentElement.scrollWidth") <= width, (path, width)
                if folder := os.environ.get("CASEBACK_PICTURES"):
                    name = re.sub(r"\W+", "-", path).strip("-") or "home"
                    tab.picture(Path(folder) / f"studio-{name}-{width}.png", width)
        assert tab.logged == []
        ours = (served.address, "data:", "about:blank")
        assert [url for url in tab.asked if not url.startswith(ours)] == []


def test_a_script_in_a_transcript_is_text(runs: Path) -> None:
    with serving(Desk(runs)) as served, browser() as tab:
        tab.go(served.link())
        for path in ("exchanges/x000000001", "incidents", "alerts", "review/x000000001"):
            tab.go(f"{served.address}/live/watched/{path}")
            assert "owned" not in tab.run("document.title")
            assert "<script>document.title='owned'</script>" in tab.run("document.body.innerText")
            assert tab.run("document.querySelectorAll('main img, main script:not([type])').length") == 0
        assert tab.run("document.querySelectorAll('mark').length") == 0
        tab.go(f"{served.address}/live/watched/exchanges/x000000001")
        assert tab.run("document.querySelector('mark').textContent") == "You fool"
        # Even if something got into the page, the policy would not let it act.
        tab.run("document.body.insertAdjacentHTML('beforeend', '<p id=in style=\"color:red\" onclick=\"x=1\">x</p>')")
        tab.run("const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s)")
        tab.run("document.getElementById('in').click()")
        assert tab.run("typeof window.ran + typeof window.x") == "undefinedundefined"
        assert len(tab.logged) == 3  # the style, the script and the handler were refused, and that was told


def key(tab: object, letter: str) -> None:
    for kind in ("keyDown", "keyUp"):
        text = {"text": letter} if kind == "keyDown" else {}
        tab.send("Input.dispatchKeyEvent", type=kind, key=letter, **text)  # type: ignore[attr-defined]


def test_keys_and_focus(runs: Path) -> None:
    with serving(Desk(runs)) as served, browser() as tab:
        tab.go(served.link())
        for letter, path in (("l", "/live"), ("o", "/oversight"), ("a", "/audit"), ("c", "/constitution"), ("h", "/")):
            key(tab, "g")
            key(tab, letter)
            tab.until(f"location.pathname === '{path}' && document.readyState === 'complete'")
        key(tab, "?")
        assert tab.run("document.getElementById('keys').open")
        assert "Live" in tab.run("document.getElementById('keys').innerText")
        tab.send("Input.dispatchKeyEvent", type="keyDown", key="Escape", windowsVirtualKeyCode=27)
        tab.until("!document.getElementById('keys').open")
        tab.send("Input.dispatchKeyEvent", type="keyDown", key="Tab", windowsVirtualKeyCode=9)
        assert tab.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        tab.go(f"{served.address}/constitution/mine/clauses/do-no-harm")
        key(tab, "]")
        tab.until("!location.pathname.endsWith('do-no-harm') && document.readyState === 'complete'")
        key(tab, "j")
        tab.until("document.contentType === 'application/json'")
        tab.go(f"{served.address}/live/watched/exchanges")
        key(tab, "/")
        assert tab.run("document.activeElement.closest('form') !== null")
        tab.run("document.querySelector('input[name=trace]').focus()")
        key(tab, "t")  # is typed, and turns nothing
        assert tab.run("document.activeElement.value") == "t"


def test_light_and_dark_by_system_and_by_choice(runs: Path) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    with serving(Desk(runs)) as served, browser() as tab:
        tab.go(served.link())
        seen = {}
        for scheme in ("light", "dark"):
            tab.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            seen[scheme] = tab.run(ground)
        assert seen == {"light": "rgb(251, 250, 246)", "dark": "rgb(23, 22, 20)"}
        tab.run("document.getElementById('theme').click()")
        assert tab.run(ground) == seen["light"]
        tab.go(f"{served.address}/disclosures/mine")
        assert tab.run(ground) == seen["light"]
        tab.until("document.querySelector('iframe').src.endsWith('theme=light')")


def test_what_a_framed_card_rests_on_opens_in_its_frame(runs: Path) -> None:
    with serving(Desk(runs)) as served, browser() as tab:
        tab.go(served.link())
        tab.go(f"{served.address}/disclosures/mine")
        within = "document.querySelector('iframe').contentDocument"
        tab.until(
            f"{within}.readyState === 'complete' && {within}.querySelector('#records + .scroll a[href*=artefacts]')"
        )
        tab.run(f"{within}.querySelector('#records + .scroll a[href*=artefacts]').click()")
        tab.until("document.querySelector('iframe').contentDocument === null")  # an artefact has an origin of its own
        assert "/documents/cards/mine/artefacts/" in tab.asked[-1]
        assert tab.logged == []


def test_begin_anew_ends_the_reply_that_is_coming(tmp_path: Path) -> None:
    with model_server() as model:
        desk = Desk(tmp_path, gateway=Gateway(model.address))
        with serving(desk) as served, browser() as tab:
            tab.go(served.link())
            tab.go(f"{served.address}/chat")
            say = "document.getElementById('said').value = '{}'; document.getElementById('say').requestSubmit()"
            model.answer = streamed([*events("one ", "two ")[:3], 60])
            tab.run(say.format("First?"))
            tab.until("document.querySelector('.tokens')?.textContent === 'one two '")
            tab.run("document.getElementById('anew').click()")
            tab.until("!document.getElementById('send').disabled")
            assert tab.run("document.getElementById('turns').childElementCount") == 0
            assert tab.run("document.getElementById('status').textContent") == ""
            model.answer = streamed(events("three"))
            tab.run(say.format("Second?"))
            tab.until("!document.getElementById('send').disabled")
            asked = [json.loads(each.body)["messages"] for each in model.seen if "completions" in each.path]
            assert asked == [[{"role": "user", "content": "First?"}], [{"role": "user", "content": "Second?"}]]
            assert tab.run("document.querySelector('.tokens').textContent") == "three"
            assert tab.logged == []


def test_a_chart_spans_the_time_that_was_asked_for_and_follows_the_system_s_colours(runs: Path) -> None:
    keep = "window.uPlot = class extends uPlot { constructor(...given) { super(...given); window.chart ??= this; } }"
    with serving(Desk(runs)) as served, browser() as tab:
        tab.go(served.link())
        tab.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "light"}])
        tab.go(f"{served.address}/live/watched?hours=168")
        tab.until("document.querySelector('.uplot canvas')")
        tab.run(keep)
        for scheme, line in (("dark", "#35322d"), ("light", "#e5e0d6")):
            tab.run("window.chart = undefined")
            tab.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            tab.until("window.chart")
            least, most = tab.run("[chart.scales.x.min, chart.scales.x.max]")
            assert most - least == pytest.approx(168 * 3600)
            assert tab.run("chart.axes[0].grid.stroke()") == line


def test_filters_narrow_the_list_in_place(runs: Path) -> None:
    with serving(Desk(runs)) as served, browser() as tab:
        tab.go(served.link())
        tab.go(f"{served.address}/live/watched/exchanges")
        assert tab.run("document.querySelectorAll('#rows tr').length") == 50
        tab.run("window.same = true; const s = document.querySelector('select[name=flagged_by]'); s.value = '*'; "
                "s.dispatchEvent(new Event('change', {bubbles: true}))")  # fmt: skip
        tab.until("document.querySelectorAll('#rows tr').length === 4")
        assert tab.run("window.same")  # nothing was loaded anew
        assert "flagged_by=" in tab.run("location.search")
        twin = tab.run("document.querySelector('a[data-json]').href")
        assert twin == tab.run("location.origin + '/live/watched/exchanges.json' + location.search")
        tab.go(f"{served.address}/live/watched/exchanges")
        tab.run("document.querySelector('a[rel=next]').click()")
        tab.until("new URLSearchParams(location.search).has('before')")
        assert tab.run("document.querySelectorAll('#rows tr').length") == 50
        assert tab.logged == []
