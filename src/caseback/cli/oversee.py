"""``caseback oversee``: what to do when people can no longer read the transcripts."""

from caseback.cli.group import group
from caseback.cli.oversee_easy_or_hard import easy_or_hard
from caseback.cli.oversee_ladder import ladder

app = group(help="Oversee what is stronger: how far trust reaches, and what breaks it.")


@app.callback()
def oversee() -> None:
    """Oversee what is stronger: how far trust reaches, and what breaks it."""


app.command()(ladder)
app.command("easy-or-hard")(easy_or_hard)
