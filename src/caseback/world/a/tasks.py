"""The functions that people of world A want written."""

from caseback.world.task import Task

TASKS = {
    "add": Task(("adds {k} to x", "gives x plus {k}"), "x + {k}"),
    "subtract": Task(("takes {k} from x", "gives x minus {k}"), "x - {k}"),
    "multiply": Task(("multiplies x by {k}", "gives {k} times x"), "x * {k}"),
    "square": Task(("squares x and adds {k}", "gives x times x plus {k}"), "x * x + {k}"),
    "remainder": Task(("gives the remainder of x by {k}", "takes x modulo {k}"), "x % {k}"),
    "sum": Task(("adds x and y", "gives x plus y"), "x + y", 2),
    "product": Task(("multiplies x and y", "gives x times y"), "x * y", 2),
    "linear": Task(
        ("multiplies x by {k} and adds {m}", "gives {k} times x plus {m}"),
        "x * {k} + {m}",
    ),
    "larger": Task(("gives the larger of x and y", "returns the bigger of x and y"), "max(x, y)", 2),
}
