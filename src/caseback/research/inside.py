"""What runs in the sandbox: it walls itself in, then runs one experiment and writes ``result.json``.

``python -m caseback.research.inside`` reads one JSON object on standard input: ``experiment`` (``module:function``,
ours, never proposed), ``settings``, ``data``, ``out``, ``reads``, ``code``, ``limits``. Each thing that the experiment
tried and may not do is one JSON line on standard output; what it prints goes to standard error.
"""

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from caseback.research.walls import Limits, limit, wall_in

RESULT = "result.json"
EVENTS = 200
"""Most that are told of one trial."""
ORACLE = ("caseback.world", "caseback.behaviours", "caseback.organisms")
"""Modules that know the truth about a case: an experiment that asks them reads the test."""
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime", "/dev/null", "/dev/urandom",
          "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system/cpu", "/sys/fs/cgroup")  # fmt: skip
QUIET = ("/proc/", "/sys/", "/etc/", "/dev/", "/run/")
"""Where libraries look around when they are loaded: refused as all else, and not told."""
PROCESSES = ("os.fork", "os.forkpty", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen")


def main() -> None:
    """Run the experiment that standard input describes."""
    told = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    asked = json.load(sys.stdin)
    limits, out = Limits(**asked["limits"]), Path(asked["out"])
    os.chdir(out)
    code = [Path(each) for each in (*asked["code"], sys.prefix, sys.base_prefix, *SYSTEM)]
    reads, writes = [*code, *map(Path, asked["reads"]), Path(asked["data"])], [out]
    limit(limits)
    standing = wall_in(reads, [*writes, Path("/dev/null")])
    _tell(told, {"walls": standing})
    roots = tuple(os.path.realpath(each) for each in (*reads, *writes))
    sys.addaudithook(_watcher(told, roots))
    module, _, function = str(asked["experiment"]).partition(":")
    result = getattr(import_module(module), function)(Path(asked["data"]), out, asked["settings"])
    (out / f".{RESULT}").write_text(json.dumps(result), encoding="utf-8")
    (out / f".{RESULT}").replace(out / RESULT)


def _watcher(told: Any, roots: tuple[str, ...]) -> Callable[[str, tuple[Any, ...]], None]:
    """An audit hook that tells what may not be done, and stops it."""
    counted = [0]
    canary = "answer_key"

    def tell(what: str, about: object) -> None:
        counted[0] += 1
        if counted[0] <= EVENTS:
            _tell(told, {"tried": what, "about": str(about)[:200]})

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(args[0], str | bytes | os.PathLike):
            path = os.path.realpath(os.fsdecode(args[0]))
            if canary in path:
                tell("read the answer key", os.path.basename(path))
            elif not any(path == root or path.startswith(root + "/") for root in roots):
                if os.path.isfile(path) and not path.startswith(QUIET):
                    tell("reach a file outside", path)
                raise PermissionError(f"{path} lies outside the sandbox")
        elif event == "import" and str(args[0]).startswith(ORACLE):
            tell("ask the oracle", args[0])
            raise PermissionError(f"{args[0]} knows the answers: an experiment may not import it")
        elif event.startswith(("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo")):
            if event != "socket.bind":  # libraries bind a socket to see which protocols there are
                tell("reach the network", args[-1] if event != "socket.getaddrinfo" else args[0])
            raise PermissionError("the sandbox has no network")
        elif event in PROCESSES:
            tell("start a process", event)
            raise PermissionError("an experiment starts no processes")

    return watch


def _tell(told: Any, what: dict[str, Any]) -> None:
    told.write(json.dumps(what) + "\n")


if __name__ == "__main__":
    main()
