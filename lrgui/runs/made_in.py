"""What a run was made in, beside its settings: versions, device, the task's code and its data. For the process that
computes it.

Whoever repeats a run learns from it why the numbers are others.
"""

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path

import numpy as np
import torch

from lrgui._version import __version__
from lrgui.runs.task_files import DIGEST_LENGTH, code_digest, digest_of_files
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.target import Target

#: Files of a folder of data that are looked at.
_MOST_FILES = 100_000


def made_in(task: TaskSpec, device: torch.device) -> dict[str, str]:
    """Facts by name, the names of `repeating.LABELS`; those that nobody knows are left out."""
    file = Target.parse(task.path).file if task.is_code else None
    known = file is not None and file.is_file()
    found = {
        "lrgui": __version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "system": platform.platform(),
        "device": f"{device.type} · {_device_name(device)}",
        "threads": str(torch.get_num_threads()) if device.type == "cpu" else "",
        "code": code_digest(file) if file is not None and known else "",
        "commit": _commit(file.absolute().parent) if file is not None and known else "",
        "data": _data(Path(task.path)) if task.path and not task.is_code else "",
    }
    return {name: value for name, value in found.items() if value}


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            return next(line.partition(":")[2].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _data(path: Path) -> str:
    """Of a file what is in it, of a folder the names, sizes and times of what is in it."""
    if path.is_file():
        return digest_of_files([(path.suffix, path)])
    digest = hashlib.sha256()
    count = 0
    for folder, inner, names in os.walk(path):
        inner.sort()
        for name in sorted(names):
            count += 1
            if count > _MOST_FILES:
                return ""
            try:
                facts = os.stat(os.path.join(folder, name))
            except OSError:
                continue
            place = os.path.relpath(os.path.join(folder, name), path)
            digest.update(f"{place}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:DIGEST_LENGTH] if count else ""


def _commit(folder: Path) -> str:
    """The commit that a folder's git repository is at; empty where there is none. Starts no program."""
    git = next((place / ".git" for place in (folder, *folder.parents) if (place / ".git").exists()), None)
    if git is None:
        return ""
    try:
        if git.is_file():  # a work tree beside the repository
            git = Path(git.parent, git.read_text(encoding="utf-8").partition(":")[2].strip())
        head = (git / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref: "):
            return head[:40]
        name = head.removeprefix("ref: ")
        shared = git / "commondir"
        common = git / shared.read_text(encoding="utf-8").strip() if shared.is_file() else git
        for place in (git, common):
            if (place / name).is_file():
                return (place / name).read_text(encoding="utf-8").strip()[:40]
        packed = (common / "packed-refs").read_text(encoding="utf-8").splitlines()
        return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")
    except (OSError, UnicodeDecodeError):
        return ""
