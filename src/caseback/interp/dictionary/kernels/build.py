"""Compiles the small C file of this folder for the CPU at hand, once, where there is a C compiler.

Nothing needs it: ``plain`` does the same in torch. It is compiled from the source that comes with the package, into the
user's cache, under a name that says which source, compiler and CPU it is for.
"""

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path

FLAGS = ("-O3", "-march=native", "-std=c11", "-fPIC", "-shared", "-fno-math-errno", "-ffp-contract=fast")
OFF = "CASEBACK_NO_COMPILER"
"""Set to anything, this environment variable keeps the compiler from being used."""


@cache
def shared_library() -> ctypes.CDLL | None:
    """The compiled kernels; None where there is no compiler, or it does not understand the file."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None or os.environ.get(OFF):
        return None
    source = (files(__package__) / "sparse.c").read_bytes()
    try:
        version = subprocess.run([compiler, "--version"], capture_output=True, check=True, timeout=60).stdout
        name = hashlib.sha256(b"\0".join([source, version, " ".join(FLAGS).encode(), _cpu()])).hexdigest()[:24]
        built = _cache() / f"sparse-{name}.so"
        if not built.is_file():
            built.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=built.parent) as folder:
                (Path(folder) / "sparse.c").write_bytes(source)
                part = Path(folder) / "sparse.so"
                command = [compiler, *FLAGS, str(Path(folder) / "sparse.c"), "-o", str(part), "-lm"]
                subprocess.run(command, capture_output=True, check=True, timeout=300)
                os.replace(part, built)
        return ctypes.CDLL(str(built))
    except (OSError, subprocess.SubprocessError):
        return None


def _cpu() -> bytes:
    """What -march=native depends on."""
    described = platform.machine() + platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return described.encode()
    return (described + "".join(line for line in lines if line.startswith(("model name", "flags")))[:4000]).encode()


def _cache() -> Path:
    given = os.environ.get("CASEBACK_CACHE")
    return (Path(given) if given else Path.home() / ".cache" / "caseback") / "kernels"
