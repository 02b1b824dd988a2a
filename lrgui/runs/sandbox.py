"""A folder in which a script can write whatever it likes, and of which nothing is left.

Where the system has user namespaces and overlays (Linux), the script sees its folder through a layer that takes what it
writes; elsewhere it gets a copy of the folder.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from lrgui.runs.job import Job

#: Mounts the layer over the folder, goes there, and becomes the command.
_MOUNT = (
    'mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$1" && cd "$1" && shift 2 && '
    'exec "$@"'
)
#: What a name in the options of a mount may not hold.
_ODD = (",", ":", "\\")
#: Seconds that a system may take to say whether it can.
PATIENCE = 10.0


class SandboxError(Exception):
    """There can be no sandbox; the text is a sentence for people."""


class Sandbox:
    """Made for one run, and removed after it."""

    def __init__(self, job: Job) -> None:
        """Raises SandboxError where the folder cannot be copied."""
        self._folder = os.path.realpath(job.task.script_options["folder"] or os.getcwd())
        self._layer = tempfile.mkdtemp(prefix="lrgui-sandbox-")
        self.is_layer = _can_mount(self._folder, self._layer)
        self.job = job
        """The job to run: where the folder was copied it names the copy."""
        if not self.is_layer:
            place = os.path.join(self._layer, os.path.basename(self._folder) or "folder")
            try:
                shutil.copytree(self._folder, place, symlinks=True, ignore_dangling_symlinks=True)
            except OSError as error:
                self.remove()
                reason = error.strerror or "some of its files cannot be read"
                raise SandboxError(
                    f"The folder {self._folder} cannot be copied for the sandbox ({reason}): run without --sandbox."
                ) from error
            self.job = _moved(job, self._folder, place)

    def command(self, command: Sequence[str]) -> list[str]:
        """`command` within the sandbox."""
        if not self.is_layer:
            return list(command)
        return [*_unshared(), "sh", "-c", _MOUNT, "sh", self._folder, self._layer, *command]

    def remove(self) -> None:
        """Remove what was written. Idempotent."""
        shutil.rmtree(self._layer, **_forcing())  # type: ignore[arg-type]


def _unshared() -> list[str]:
    return ["unshare", "--user", "--map-root-user", "--mount"]


def _can_mount(folder: str, layer: str) -> bool:
    """True where a layer can be laid over the folder; makes what it needs in `layer`."""
    if sys.platform == "win32" or shutil.which("unshare") is None or any(odd in folder + layer for odd in _ODD):
        return False
    for name in ("upper", "work"):
        Path(layer, name).mkdir()
    command = [*_unshared(), "sh", "-c", _MOUNT, "sh", folder, layer, "true"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _moved(job: Job, folder: str, place: str) -> Job:
    """The job with the copy in the place of the folder."""
    task = job.task
    path = task.path
    if os.path.isabs(path) and os.path.realpath(path).startswith(os.path.join(folder, "")):
        path = os.path.join(place, os.path.relpath(os.path.realpath(path), folder))
    return replace(job, task=replace(task, path=path, options={**task.options, "folder": place}))


def _forcing() -> dict[str, Callable[..., None]]:
    """The argument with which `rmtree` also removes what may not be read: the layer's own work folder."""

    def again(remove: Callable[[str], object], path: str, _error: object) -> None:
        try:
            os.chmod(path, stat.S_IRWXU)
            os.chmod(os.path.dirname(path), stat.S_IRWXU)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                remove(path)
        except OSError:
            pass  # it lies in the folder for temporary files

    return {"onexc": again} if sys.version_info >= (3, 12) else {"onerror": again}
