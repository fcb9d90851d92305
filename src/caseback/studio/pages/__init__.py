"""The pages of the studio, by section. Each is data and a template that draws it."""

from caseback.studio.page import Page
from caseback.studio.pages import audit, constitution, disclosures, games, home, inside

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    *constitution.PAGES,
    *inside.PAGES,
    *audit.PAGES,
    *games.PAGES,
    *disclosures.PAGES,
)
