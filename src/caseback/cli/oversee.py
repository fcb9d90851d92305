"""``caseback oversee``: what to do when people can no longer read the transcripts."""

from caseback.cli.group import group
from caseback.cli.oversee_checkpoints import checkpoints
from caseback.cli.oversee_control import control_
from caseback.cli.oversee_corrigibility import corrigibility
from caseback.cli.oversee_easy_or_hard import easy_or_hard
from caseback.cli.oversee_independence import independence_
from caseback.cli.oversee_ladder import ladder
from caseback.cli.oversee_panel import panels_
from caseback.cli.oversee_replies import replies_
from caseback.cli.oversee_saboteurs import saboteurs
from caseback.cli.oversee_society import society
from caseback.cli.oversee_thought import thought

app = group(help="Oversee what is stronger: how far trust reaches, and what breaks it.")


@app.callback()
def oversee() -> None:
    """Oversee what is stronger: how far trust reaches, and what breaks it."""


app.command(name="society")(society)
app.command()(ladder)
app.command("panels")(panels_)
app.command("checkpoints")(checkpoints)
app.command("corrigibility")(corrigibility)
app.command()(saboteurs)
app.command("replies")(replies_)
app.command("control")(control_)
app.command("independence")(independence_)
app.command("easy-or-hard")(easy_or_hard)
app.command("thought")(thought)
