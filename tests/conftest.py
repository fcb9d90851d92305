"""What every test may ask for."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A slow example on a loaded machine is no failure; the time limit of a whole test stands in pyproject.toml.
settings.register_profile("caseback", deadline=None)
settings.load_profile("caseback")


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real data sets and models named by CASEBACK_REALDATA; skips, saying so, where it is not set."""
    folder = os.environ.get("CASEBACK_REALDATA", "")
    if not folder:
        pytest.skip("CASEBACK_REALDATA is not set: it names a folder of real data sets and models")
    if not Path(folder).is_dir():
        pytest.fail(f"CASEBACK_REALDATA names {folder}, which is not a folder")
    return Path(folder)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB; `mount -o remount,size=…` makes more room. Skips where nothing may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk (root)")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)  # a failed training may still hold a file of it
