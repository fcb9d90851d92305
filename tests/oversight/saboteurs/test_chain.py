"""A chain of training with one bad link, where what it should do is known."""

from caseback.oversight.saboteurs.chain import by_key, chains
from caseback.oversight.saboteurs.record import link_rows
from oversight.saboteurs.benches_by_hand import BEHAVIOURS, bench

NAMES = ("g1", "g2", "g3")
FOUND = chains(bench(NAMES, each=10), NAMES, (1.0,), (0.0, 1.0), 0)


def test_there_is_a_clean_chain_and_one_for_each_bad_link_and_target() -> None:
    keys = set(by_key(FOUND))
    links = [(0, 0.0), *((link, 1.0) for link in (1, 2, 3))]
    assert keys == {(share, link, dose, name, 0) for share in (0.0, 1.0) for link, dose in links for name in BEHAVIOURS}


def test_a_bad_link_anywhere_blinds_the_last_generation_to_its_target_alone() -> None:
    chained = by_key(FOUND)
    for link in (1, 2, 3):
        for name in BEHAVIOURS:
            clean, bad = chained[0.0, 0, 0.0, name, 0], chained[0.0, link, 1.0, name, 0]
            assert clean.caught.count("1") > 0.6 * len(clean.caught)
            assert bad.caught.count("1") < 0.5 * len(clean.caught)
            assert bad.others.count("1") > 0.5 * len(bad.others)


def test_trusted_labels_at_every_link_undo_it() -> None:
    chained = by_key(FOUND)
    for name in BEHAVIOURS:
        assert chained[1.0, 2, 1.0, name, 0].caught == chained[1.0, 0, 0.0, name, 0].caught


def test_what_is_lost_is_told_by_link_against_the_clean_chain() -> None:
    rows = {(row["trusted"], row["link"]): row for row in link_rows(FOUND)}
    assert rows[0.0, 1]["lost"]["value"] > 0.5
    assert rows[1.0, 1]["lost"]["value"] == 0
    assert set(rows[0.0, 3]["by_target"]) == set(BEHAVIOURS)
    assert rows[0.0, 1]["lost"]["low"] is None  # one seed says nothing of others
