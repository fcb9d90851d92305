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
    "half": Task(
        ("halves x, rounds down and then adds {k}", "gives {k} plus the half of x, the half rounded down"),
        "x // 2 + {k}",
    ),
    "triple": Task(("triples the product of x and y", "gives three times x times y"), "3 * x * y", 2),
    "total": Task(
        ("adds x, y and {k}", "gives the total of x, y and {k}", "gives x plus y plus {k}"), "x + y + {k}", 2
    ),
    "area": Task(("multiplies x by y and adds {k}", "gives {k} more than the product of x and y"), "x * y + {k}", 2),
    "pruned": Task(("squares x and takes {k} away", "gives x times x minus {k}"), "x * x - {k}"),
    "gap": Task(
        ("gives the distance between x and {k}", "gives how far x is from {k}"),
        "abs(x - {k})",
    ),
    "balance": Task(("multiplies x by {k} and takes y away", "gives {k} times x minus y"), "{k} * x - y", 2),
    "cap": Task(
        ("gives x but no more than {k}", "returns x, or {k} if x is above {k}", "gives the minimum of x and {k}"),
        "min(x, {k})",
    ),
    "leftover": Task(
        ("adds x and y and gives the remainder of the sum by {k}", "takes the sum of x and y modulo {k}"),
        "(x + y) % {k}",
        2,
    ),
    "mixed": Task(("adds {k} times x and {m} times y", "gives {k} times x plus {m} times y"), "{k} * x + {m} * y", 2),
    "topped": Task(
        ("takes the larger of x and y and adds {k} to it", "gives {k} more than the maximum of x and y"),
        "max(x, y) + {k}",
        2,
    ),
    "mean": Task(
        ("gives the mean of x and y, rounded down", "adds x and y, halves the sum and rounds down"), "(x + y) // 2", 2
    ),
    "offset": Task(
        ("takes {m} from x and multiplies the result by {k}", "gives {k} times the number that is {m} less than x"),
        "(x - {m}) * {k}",
    ),
}
TASKS_TEST = ("linear", "larger", "mixed", "topped", "mean", "offset")
TASKS_DEV = ("balance", "cap", "leftover")
