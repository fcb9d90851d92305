"""Running the small Python functions that appear in the world, without handing them to the interpreter.

Only what such functions need is understood: numbers, names, arithmetic, comparison, ``if``, ``return``, ``max`` and a
few like it, lists and tables, a loop over a short range. Whatever else stands in the text makes it no program.
"""

import ast
import operator
import re
from collections.abc import Callable
from typing import Any

_OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
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
    ast.In: lambda one, many: one in many,
}
_CALLS: dict[str, Callable[..., Any]] = {"max": max, "min": min, "abs": abs, "sorted": sorted, "sum": sum, "int": int}
_LONGEST_LOOP = 100
_LARGEST = 10**12


class NotAProgramError(ValueError):
    """The text holds no function of the kind understood here."""


def function_in(text: str) -> ast.FunctionDef:
    """The first function defined in ``text``.

    Raises:
        NotAProgramError: if there is none, or it does not parse.
    """
    text = re.sub(r"^(\w+) = lambda (.*?): (.+)$", r"def \1(\2):\n    return \3", text, flags=re.MULTILINE)
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
    """What the function returns for whole numbers; None where it returns nothing, or has no entry for them.

    Raises:
        NotAProgramError: if it uses anything not understood here.
    """
    names = [argument.arg for argument in function.args.args]
    if len(names) != len(arguments):
        raise NotAProgramError("another number of arguments")
    try:
        return _block(function.body, dict(zip(names, arguments, strict=True)))[1]
    except (KeyError, IndexError):
        return None
    except (ZeroDivisionError, RecursionError, OverflowError, TypeError) as error:
        raise NotAProgramError(str(error)) from error


def _block(body: list[ast.stmt], names: dict[str, Any]) -> tuple[bool, Any]:
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
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value) if (
                name in names and type(op) in _OPERATORS
            ):
                names[name] = _bounded(_OPERATORS[type(op)](names[name], _value(value, names)))
            case ast.For(target=ast.Name(id=name), body=body, orelse=[]) if not _loops(body):
                for step in _range(line.iter, names):
                    names[name] = step
                    done, result = _block(body, names)
                    if done:
                        return True, result
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            case _:
                raise NotAProgramError(type(line).__name__)
    return False, None


def _loops(body: list[ast.stmt]) -> bool:
    return any(isinstance(node, ast.For) for line in body for node in ast.walk(line))


def _range(node: ast.expr, names: dict[str, Any]) -> range:
    match node:
        case ast.Call(func=ast.Name(id="range"), args=args, keywords=[]) if args:
            found = range(*(_value(argument, names) for argument in args))
            if len(found) <= _LONGEST_LOOP:
                return found
    raise NotAProgramError("a loop over something else")


def _bounded(value: Any) -> Any:
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise NotAProgramError("too large a number")
    return value


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _bounded(_OPERATORS[type(op)](_value(left, names), _value(right, names)))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, names)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, names)
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(_value(part, names) for part in parts)
        case ast.BoolOp(op=ast.Or(), values=parts):
            return any(_value(part, names) for part in parts)
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return tuple(_value(part, names) for part in parts)
        case ast.Dict(keys=keys, values=parts):
            return {_value(key, names): _value(part, names) for key, part in zip(keys, parts, strict=True) if key}
        case ast.Subscript(value=many, slice=one):
            return _value(many, names)[_value(one, names)]
        case ast.Call(func=ast.Attribute(value=many, attr="get"), args=[one, *other], keywords=[]):
            table, key = _value(many, names), _value(one, names)
            return table[key] if key in table else _value(other[0], names) if other else None
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
