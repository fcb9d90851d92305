"""Whether a file of tensors is what it says, before anything heavy reads it: shapes, types, sizes, and no NaN.

The format: 8 bytes of length, a header of JSON, the bytes (https://github.com/huggingface/safetensors).
"""

import math
from typing import Any

import numpy as np

from caseback.disclosure.bundle.limits import SMALL, TENSORS, WIDTH
from caseback.disclosure.bundle.strict_json import parse
from caseback.errors import CasebackError

TYPES: dict[str, np.dtype[Any]] = {
    "F64": np.dtype("<u8"),
    "F32": np.dtype("<u4"),
    "F16": np.dtype("<u2"),
    "BF16": np.dtype("<u2"),
}
"""Read as whole numbers, since of a float that is not finite exactly the bits of the exponent are all set."""
EXPONENT = {"F64": 0x7FF0 << 48, "F32": 0x7F80 << 16, "F16": 0x7C00, "BF16": 0x7F80}
MOST = 32
"""Tensors of one file."""


def check_tensors(data: bytes, what: str) -> dict[str, tuple[int, ...]]:
    """See that the tensors of a file are finite numbers of a shape that fits their bytes; their shapes by name.

    Raises:
        CasebackError: they are not; ``what`` names the file.
    """
    if not 8 <= len(data) <= TENSORS:
        raise CasebackError(f"{what} has {len(data)} bytes; between 8 and {TENSORS} are allowed")
    length = int.from_bytes(data[:8], "little")
    if length > min(SMALL, len(data) - 8):
        raise CasebackError(f"{what} has a header of {length} bytes, which is more than it may have")
    header = parse(data[8 : 8 + length].rstrip(b" "), f"the header of {what}", SMALL)
    if not isinstance(header, dict) or not 1 <= len(header) <= MOST or "__metadata__" in header:
        raise CasebackError(f"the header of {what} must name 1 to {MOST} tensors, and nothing else")
    body, end = memoryview(data)[8 + length :], 0
    try:
        ordered = sorted(header.items(), key=lambda item: item[1]["data_offsets"][0])
    except (TypeError, KeyError, IndexError):
        raise CasebackError(f"the header of {what} does not say where its tensors lie") from None
    for name, each in ordered:
        end = _checked(f"tensor {name[:20]} of {what}", each, body, end)
    if end != len(body):
        raise CasebackError(f"{what} has {len(body) - end} bytes that belong to no tensor")
    return {name: tuple(each["shape"]) for name, each in header.items()}


def _checked(what: str, each: Any, body: memoryview, begin: int) -> int:
    if set(each) != {"dtype", "shape", "data_offsets"} or each["dtype"] not in tuple(TYPES):  # a list has no hash
        raise CasebackError(f"{what} must have a type out of {', '.join(TYPES)}, a shape and data_offsets")
    kind, shape, offsets = TYPES[each["dtype"]], each["shape"], each["data_offsets"]
    if not isinstance(shape, list) or len(shape) > 2 or not all(type(n) is int and 0 < n <= WIDTH for n in shape):
        raise CasebackError(f"{what} has the shape {shape!r:.40}; two sides of 1 to {WIDTH} are allowed")
    size = math.prod(shape) * kind.itemsize
    if offsets != [begin, begin + size] or begin + size > len(body):
        raise CasebackError(f"{what} has the shape {shape!r:.40}, and its bytes are not {size}")
    bits = np.frombuffer(body, kind, math.prod(shape), begin)
    mask = kind.type(EXPONENT[each["dtype"]])
    if bool(((bits & mask) == mask).any()):
        raise CasebackError(f"{what} holds NaN or an infinity")
    return begin + size
