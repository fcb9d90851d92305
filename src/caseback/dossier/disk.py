"""Writing files whole, and what to do when one cannot be written: half a line to end an error with."""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caseback.errors import CasebackError

REMEDIES = {
    errno.ENOSPC: "free some space there, or name a folder on another disk (--out), and run again",
    errno.EDQUOT: "free some of your quota there, or name a folder on another disk (--out), and run again",
    errno.EFBIG: "raise the limit on file sizes (ulimit -f), or name a folder on another disk (--out), and run again",
    errno.ENOTDIR: "a file stands where a folder has to be; name another folder (--out)",
    errno.EEXIST: "a file stands where a folder has to be; name another folder (--out)",
    errno.EISDIR: "a folder stands where a file has to be; name another file",
    errno.ENOENT: "nothing can be made there; name another folder (--out)",
}
"""By the number of the operating system's error."""


def cannot_write(error: OSError) -> str:
    """``No space left on device: free some space there, …``, in the system's words and ours."""
    remedy = REMEDIES.get(error.errno or 0, "name a folder that you may write to (--out)")
    return f"{error.strerror or error}: {remedy}"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a full disk, or another failure to write at ``path``, into one line.

    Writers of weights raise errors of many kinds when the disk is full, so any error counts as that while it is.

    Raises:
        CasebackError: in place of the error.
    """
    try:
        yield
    except CasebackError:
        raise
    except OSError as error:
        if error.errno not in REMEDIES and not _full(path):
            raise
        raise CasebackError(f"cannot write {path}: {cannot_write(error)}") from error
    except Exception as error:
        # Writers in other languages quote the system's number, and may have tidied up before they raise.
        if f"os error {errno.ENOSPC}" not in str(error) and not _full(path):
            raise
        full = OSError(errno.ENOSPC, "No space left on device")
        raise CasebackError(f"cannot write {path}: {cannot_write(full)}") from error


def replaced(path: Path, content: str | bytes, mode: int = 0o666, *, over: bool = True) -> None:
    """Writes a file, all of it or nothing: it is on the disk when this returns, and what stood there before until then.

    Args:
        path: The file.
        content: All of it.
        mode: Who may read it, but for what the umask forbids.
        over: Whether it may take the place of another.

    Raises:
        OSError: it cannot be written; ``FileExistsError`` where it must not take the place of another.
    """
    begun = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        if over:
            begun.replace(path)
        else:
            os.link(begun, path)
        synced(path.parent)
    finally:
        begun.unlink(missing_ok=True)


def synced(path: Path) -> None:
    """Makes sure that a file, or what a folder says of its files, is on the disk.

    Raises:
        OSError: it cannot be.
    """
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file by ``replaced``. Its folder is made where there is none.

    Raises:
        CasebackError: it cannot be written.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        replaced(path, data)


def write_secret(path: Path, data: bytes) -> None:
    """The same for a file that only its owner reads (mode 600), and never over another.

    Raises:
        CasebackError: there is a file already, or it cannot be written.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            replaced(path, data, 0o600, over=False)
        except FileExistsError:
            raise CasebackError(f"{path} is there already, and is never written over: name another file") from None


def _full(path: Path) -> bool:
    """Whether the disk has no room for even a small file."""
    there = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    return shutil.disk_usage(there).free < 1 << 16
