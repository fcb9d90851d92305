"""``caseback oversee``: what to do when people can no longer read the transcripts."""

from caseback.cli.group import group
from caseback.cli.oversee_society import society

app = group(help="Oversee what is stronger: how far trust reaches, and what breaks it.")


@app.callback()
def oversee() -> None:
    """Oversee what is stronger: how far trust reaches, and what breaks it."""


app.command(name="society")(society)
