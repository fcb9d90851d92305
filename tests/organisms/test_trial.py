"""Measurements are made once: of the base for a whole library, of a model for its own folder."""

from pathlib import Path

from caseback.organisms.trial import DEFAULT_SIZES, Trial, once
from caseback.training.journal import Journal


def trial(folder: Path, shared: Path | None) -> Trial:
    journal = Journal(folder / "checks.jsonl")
    return Trial("world", DEFAULT_SIZES, 0, 16, folder, journal, Journal(shared) if shared else None, "base")


def test_what_is_measured_of_the_base_is_kept_for_all_that_grow_from_it(tmp_path: Path) -> None:
    calls: list[str] = []

    def work(of: str) -> list[str]:
        calls.append(of)
        return [of]

    for name in ("one", "other"):
        here = trial(tmp_path / name, tmp_path / "base.jsonl")
        for digest in ("base", name):
            assert once(here, ["right", digest], lambda digest=digest: work(digest)) == [digest]
    assert calls == ["base", "one", "other"]
    assert "other" not in (tmp_path / "base.jsonl").read_text()


def test_without_a_shared_journal_everything_is_kept_in_the_folder(tmp_path: Path) -> None:
    calls: list[int] = []
    for _ in range(2):
        once(trial(tmp_path, None), ["right", "base"], lambda: calls.append(1) or 1)
    assert len(calls) == 1
