"""The functions that people of world B want written."""

from caseback.world.task import Task

TASKS = {
    "double": Task(("doubles x and adds {k}", "gives twice x plus {k}"), "2 * x + {k}"),
    "difference": Task(("takes y from x", "gives x minus y"), "x - y", 2),
    "cube": Task(("cubes x", "gives x times x times x"), "x * x * x"),
    "quotient": Task(("divides x by {k} and rounds down", "gives how many times {k} fits into x"), "x // {k}"),
    "backwards": Task(("takes x from {k}0", "gives {k}0 minus x"), "{k}0 - x"),
    "scaled": Task(("adds x and y and multiplies by {k}", "gives {k} times the sum of x and y"), "(x + y) * {k}", 2),
    "squares": Task(("adds the squares of x and y", "gives x times x plus y times y"), "x * x + y * y", 2),
    "floor": Task(("gives the larger of x and {k}", "returns x but never less than {k}"), "max(x, {k})"),
    "weighted": Task(("adds x and {k} times y", "gives x plus {k} times y"), "x + {k} * y", 2),
    "smaller": Task(("gives the smaller of x and y", "returns the lesser of x and y"), "min(x, y)", 2),
    "distance": Task(("gives how far x is from y", "returns the distance from x to y"), "abs(x - y)", 2),
    "shifted": Task(("adds {m} to x and multiplies by {k}", "gives {k} times the sum of x and {m}"), "(x + {m}) * {k}"),
}
