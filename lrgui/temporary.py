"""Temporary folders that can be told by the number of their process, so that they go even where it was killed."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "lrgui-{pid}-"
#: The address of a socket has so many bytes on every system, and a folder of ours with a socket of multiprocessing
#: in it takes so many of them.
_ADDRESS, _OURS = 103, 41
#: Where sockets lie if the folder for temporary files has too long a name, as on many clusters.
_SHORT = "/tmp"


def temporary_folder(within: str | None = None) -> Path:
    """A new folder that goes with this process: at its end, or, where a guard watches it, however it ends.

    It lies in the system's folder for temporary files, or `within` one of `_roots`.
    """
    owner = os.getpid()
    folder = tempfile.mkdtemp(prefix=_PREFIX.format(pid=owner), dir=within)

    def remove() -> None:
        if os.getpid() == owner:  # a forked child that ends leaves it in peace
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return Path(folder)


def keep_sockets_of_children() -> None:
    """Let multiprocessing keep its sockets in such a folder, here and in processes that are started from now on.

    Each process that loads batches makes a folder for them, and leaves it behind where it is killed. Where the name
    of such a folder is too long for a socket's address, those processes would wait for ever.
    """
    from multiprocessing import process

    config = getattr(process.current_process(), "_config", None)  # inherited by children; there is no public way
    if isinstance(config, dict) and config.get("tempdir") is None:
        usual, *shorter = _roots()
        fits = len(os.fsencode(usual)) <= _ADDRESS - _OURS
        config["tempdir"] = str(temporary_folder(usual if fits or not shorter else shorter[0]))


def remove_folders_of(pid: int) -> None:
    """Remove what the process `pid` left behind. Links, and what belongs to others, stay."""
    for root in _roots():
        for folder in Path(root).glob(_PREFIX.format(pid=pid) + "*"):
            shutil.rmtree(folder, ignore_errors=True)


def _roots() -> list[str]:
    """Where folders of ours may lie, the usual place first."""
    usual = tempfile.gettempdir()
    return [usual, _SHORT] if usual != _SHORT and os.access(_SHORT, os.W_OK | os.X_OK) else [usual]
