"""Ray, where it is installed: many machines that share a folder, or this one."""

import socket
from typing import Any

from caseback.errors import CasebackError

RETRIES = 2
"""Times that work is given to another worker whose own was killed."""
ANSWER = 5.0
"""Seconds in which a cluster's machine has to answer."""


def connected(workers: int, address: str) -> Any:
    """The module ``ray``, connected; a connection that there is stays.

    Args:
        workers: that a cluster started here has.
        address: of a cluster; ``local`` starts one on this machine.

    Raises:
        CasebackError: Ray is not installed, or nothing answers at the address.
    """
    try:
        import ray
    except ImportError:
        raise CasebackError("many machines need Ray: pip install 'caseback[research]', or leave --ray out") from None
    if not ray.is_initialized():
        _check_answers(address)
        here: dict[str, Any] = {"num_cpus": workers, "include_dashboard": False} if address == "local" else {}
        try:
            ray.init(address=address, **here, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise CasebackError(f"--ray {address}: no cluster answers there ({str(error).splitlines()[0]})") from None
    return ray


def _check_answers(address: str) -> None:
    """Ray itself tries again for many minutes where nothing answers."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdecimal()):
        return
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER).close()
    except OSError as error:
        raise CasebackError(f"--ray {address}: no cluster answers there ({error})") from None
