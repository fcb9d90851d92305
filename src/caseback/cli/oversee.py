"""``caseback oversee``: what to do when people can no longer read the transcripts."""

from caseback.cli.group import group
from caseback.cli.oversee_checkpoints import checkpoints
from caseback.cli.oversee_corrigibility import corrigibility
from caseback.cli.oversee_thought import thought

app = group(help="Oversee what is stronger: how far trust reaches, and what breaks it.")


@app.callback()
def oversee() -> None:
    """Oversee what is stronger: how far trust reaches, and what breaks it."""


app.command("checkpoints")(checkpoints)
app.command("corrigibility")(corrigibility)
app.command("thought")(thought)
