"""What is published about a subject: the card, as data and as a page."""

from caseback.disclosure.card import card
from caseback.disclosure.page import render_html
from caseback.disclosure.write import schema, write_card

__all__ = ["card", "render_html", "schema", "write_card"]
