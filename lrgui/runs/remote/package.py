"""What another machine needs to compute a run: the package's own files, and those that the job names."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from lrgui import frozen
from lrgui.core.formats import format_bytes
from lrgui.resources import resource
from lrgui.runs.job import Job
from lrgui.runs.remote.connection import RemoteError
from lrgui.runs.task_files import files_of
from lrgui.tasks.user.target import Target

#: Floors of the package that no worker needs.
_WITHOUT = ("gui", "plot", "export", "cli", "api", "integrations")
#: More than this is not sent with a run, in bytes.
MOST_BYTES = 256_000_000
#: In paths: the folder that the run's files are sent to.
HERE = "{run}"


@cache
def package() -> tuple[str, bytes]:
    """The worker's files as an archive, and a digest that names it: it is sent once for each version."""
    root = frozen.sources_folder()
    files = {
        path.relative_to(root).as_posix(): path
        for path in sorted((root / "lrgui").rglob("*.py"))
        if path.relative_to(root).parts[1] not in _WITHOUT
    }
    files |= {f"resources/{path.name}": path for path in sorted(resource("digits.npz").parent.glob("*.npz"))}
    digest, archive = hashlib.sha256(), io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name, path in files.items():
            data = path.read_bytes()
            digest.update(f"{name} {len(data)}\n".encode() + data)
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return digest.hexdigest()[:32], archive.getvalue()


def packed(job: Job, folder: str, *, leave: bool = False) -> tuple[Job, dict[str, Path]]:
    """The job as it is to run elsewhere, in `folder` ("" is that of its code), and the files that go with it: where
    they are to lie, and where they are.

    Code goes with the local modules that it imports, data with all files. Raises RemoteError, with a sentence; with
    `leave` not for what cannot be sent, data that are too large and a module's name: that must be there already.
    """
    job = replace(job, keeping=None)  # there they lie beside the log that is written there
    task = job.task
    files: dict[str, Path] = {}
    if task.is_code:
        target = Target.parse(task.path)
        if target.file is None:
            if not folder and not leave:
                raise RemoteError(
                    f"{target.place} is a module's name: name its file, or give the target a folder in which it lies."
                )
            path = task.path
        else:
            files, path = _code(target)
        task = replace(task, path=path)
        if task.is_script:
            task = replace(task, options={**task.options, "folder": folder or f"{HERE}/code"})
    else:
        default = task.row.path.default if task.row is not None and task.row.path is not None else ""
        if not task.path or task.path == default:
            return job, {}
        place = Path(os.path.expanduser(task.path)).absolute()
        below = [path for path in place.rglob("*") if path.is_file()] if place.is_dir() else [place]
        files = {f"data/{path.relative_to(place.parent).as_posix()}": path for path in below}
        task = replace(task, path=f"{HERE}/data/{place.name}")
    size = sum(path.stat().st_size for path in files.values() if path.exists())
    if size > MOST_BYTES and leave and not task.is_code:
        return job, {}
    if size > MOST_BYTES:
        raise RemoteError(
            f"{job.task.path} is too large to be sent with the run ({format_bytes(size)}): copy it to the other "
            "machine, and read it there in a task of your own."
        )
    return replace(job, task=task), files


def _code(target: Target) -> tuple[dict[str, Path], str]:
    assert target.file is not None
    file = target.file.absolute()
    if not file.is_file():
        raise RemoteError(f"The file {file} does not exist. Choose another.")
    everything = files_of(file)
    root = Path(os.path.commonpath([each.parent for each in everything]))
    files = {f"code/{each.relative_to(root).as_posix()}": each for each in everything}
    name = f":{target.name}" if target.name else ""
    return files, f"{HERE}/code/{file.relative_to(root).as_posix()}{name}"
