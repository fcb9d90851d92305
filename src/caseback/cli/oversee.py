"""``caseback oversee``: what to do when people can no longer read the transcripts."""

from caseback.cli.group import group
from caseback.cli.oversee_corrigibility import corrigibility
from caseback.cli.oversee_ladder import ladder
from caseback.cli.oversee_panel import panels_
from caseback.cli.oversee_society import society

app = group(help="Oversee what is stronger: how far trust reaches, and what breaks it.")


@app.callback()
def oversee() -> None:
    """Oversee what is stronger: how far trust reaches, and what breaks it."""


app.command(name="society")(society)
app.command()(ladder)
app.command("panels")(panels_)
app.command("corrigibility")(corrigibility)
