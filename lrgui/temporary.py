"""Temporary folders that can be told by the number of their process, so that they go even where it was killed."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "lrgui-{pid}-"


def temporary_folder() -> Path:
    """A new folder that goes with this process: at its end, or, where a guard watches it, however it ends."""
    owner = os.getpid()
    folder = tempfile.mkdtemp(prefix=_PREFIX.format(pid=owner))

    def remove() -> None:
        if os.getpid() == owner:  # a forked child that ends leaves it in peace
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return Path(folder)


def keep_sockets_of_children() -> None:
    """Let multiprocessing keep its sockets in such a folder, here and in processes that are started from now on.

    Each process that loads batches makes a folder for them, and leaves it behind where it is killed.
    """
    from multiprocessing import process

    config = getattr(process.current_process(), "_config", None)  # inherited by children; there is no public way
    if isinstance(config, dict) and config.get("tempdir") is None:
        config["tempdir"] = str(temporary_folder())


def remove_folders_of(pid: int) -> None:
    """Remove what the process `pid` left behind. Links, and what belongs to others, stay."""
    for folder in Path(tempfile.gettempdir()).glob(_PREFIX.format(pid=pid) + "*"):
        shutil.rmtree(folder, ignore_errors=True)
