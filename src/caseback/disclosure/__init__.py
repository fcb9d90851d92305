"""What is published about a subject: the card, as data and as a page, and what changed since the card before."""

from caseback.disclosure.card import card
from caseback.disclosure.diff import card_diff
from caseback.disclosure.form import schema
from caseback.disclosure.page import render_html
from caseback.disclosure.read_card import read_card
from caseback.disclosure.write import write_card

__all__ = ["card", "card_diff", "read_card", "render_html", "schema", "write_card"]
