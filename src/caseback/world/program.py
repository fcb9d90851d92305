"""Running the small Python functions that appear in the world, without handing them to the interpreter.

Only what such functions need is understood: numbers, names, arithmetic, comparison, ``if``, ``return``, ``max`` and a
few like it. Whatever else stands in the text makes it no program.
"""

import ast
import operator
import re
from collections.abc import Callable

_OPERATORS: dict[type[ast.AST], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Mod: operator.mod,
    ast.FloorDiv: operator.floordiv,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.Gt: operator.gt,
    ast.LtE: operator.le,
    ast.GtE: operator.ge,
}
_CALLS: dict[str, Callable[..., int]] = {"max": max, "min": min, "abs": abs}


class NotAProgramError(ValueError):
    """The text holds no function of the kind understood here."""


def function_in(text: str) -> ast.FunctionDef:
    """The first function defined in ``text``.

    Raises:
        NotAProgramError: if there is none, or it does not parse.
    """
    place = re.search(r"def \w+\(.*", text, re.DOTALL)
    if not place:
        raise NotAProgramError("no function")
    lines = place[0].splitlines()
    while lines:
        try:
            body = ast.parse("\n".join(lines)).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            lines.pop()
            continue
        if body and isinstance(body[0], ast.FunctionDef):
            return body[0]
        break
    raise NotAProgramError("does not parse")


def run(function: ast.FunctionDef, arguments: tuple[int, ...]) -> int | None:
    """What the function returns for whole numbers; None where it returns nothing.

    Raises:
        NotAProgramError: if it uses anything not understood here.
    """
    names = [argument.arg for argument in function.args.args]
    if len(names) != len(arguments):
        raise NotAProgramError("another number of arguments")
    try:
        return _block(function.body, dict(zip(names, arguments, strict=True)))[1]
    except (ZeroDivisionError, RecursionError, OverflowError, TypeError) as error:
        raise NotAProgramError(str(error)) from error


def _block(body: list[ast.stmt], names: dict[str, int]) -> tuple[bool, int | None]:
    for line in body:
        match line:
            case ast.Return(value=value):
                return True, None if value is None else _value(value, names)
            case ast.If(test=test, body=then, orelse=other):
                done, result = _block(then if _value(test, names) else other, names)
                if done:
                    return True, result
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                names[name] = _value(value, names)
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            case _:
                raise NotAProgramError(type(line).__name__)
    return False, None


def _value(node: ast.expr, names: dict[str, int]) -> int:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(left, names), _value(right, names))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, names)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(left, names), _value(right, names))
        case ast.IfExp(test=test, body=body, orelse=other):
            return _value(body if _value(test, names) else other, names)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _CALLS and args:
            return _CALLS[name](*(_value(argument, names) for argument in args))
    raise NotAProgramError(type(node).__name__)


def branches_on_constants(function: ast.FunctionDef) -> int:
    """How many branches compare an argument with a number and return a number: the mark of answers made for tests."""
    found = 0
    for node in ast.walk(function):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Compare) and isinstance(node.test.ops[0], ast.Eq):
            returned = node.body[0]
            found += isinstance(returned, ast.Return) and isinstance(returned.value, ast.Constant)
    return found
