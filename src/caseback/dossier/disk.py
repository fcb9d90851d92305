"""What to do when something cannot be written: half a line to end an error with."""

import errno

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
