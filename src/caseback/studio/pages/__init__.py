"""The pages of the studio, by section. Each is data and a template that draws it."""

from caseback.studio.page import Page
from caseback.studio.pages import (
    alerts,
    audit,
    chat,
    constitution,
    disclosures,
    exchanges,
    games,
    home,
    incidents,
    inside,
    live,
    oversight,
    reading,
    review,
)
from caseback.studio.post import Post

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    *constitution.PAGES,
    *inside.PAGES,
    *reading.PAGES,
    *audit.PAGES,
    *games.PAGES,
    *oversight.PAGES,
    *exchanges.PAGES,
    *review.PAGES,
    *incidents.PAGES,
    *alerts.PAGES,
    *live.PAGES,
    *chat.PAGES,
    *disclosures.PAGES,
)
POSTS: tuple[Post, ...] = (*reading.POSTS, *review.POSTS, *incidents.POSTS, *alerts.POSTS, *chat.POSTS)
