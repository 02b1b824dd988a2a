"""Begins a run on the machine that it was sent to, and leaves it there: the run needs nobody any more.

The text of this file is the program, see `tail`. Standard input holds a line of JSON that says what comes, and after it
the bytes of the package, where that is not there yet, and those of the run's files. Each answer is a line of JSON.
"""

from __future__ import annotations

import io
import json
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from typing import Any, BinaryIO

if sys.version_info < (3, 10):  # noqa: UP036 (whatever Python there is runs this)
    print(json.dumps({"error": f"{sys.executable} is Python {sys.version.split()[0]}; 3.10 or newer is needed"}))
    sys.exit(0)


#: Bytes that are taken in at once; seconds that a run which has ended may take to go.
PIECE, ENDING = 1 << 20, 10.0


class RefusedError(Exception):
    """Why there is no run; the text is the reason in words."""


def main() -> None:
    """Take in a run and begin it."""
    stdin = sys.stdin.buffer
    about = json.loads(stdin.readline())
    try:
        base = cache_folder()
        sources = os.path.join(base, "sources", about["digest"])
        needed = not os.path.isdir(sources)
        say({"need": needed})
        if needed:
            unpack(stdin.read(about["size"]), sources)
        if about["again"]:
            folder = os.path.expanduser(about["again"])
            make_ready(folder)
        else:
            folder = os.path.join(base, "runs", f"{time.strftime('%Y-%m-%d_%H%M%S')}_{os.urandom(3).hex()}")
            os.makedirs(folder, mode=0o700)
        for name, size in about["files"]:
            receive(stdin, os.path.join(folder, name), size)
        say(begin(about, sources, folder))
    except RefusedError as error:
        say({"error": str(error)})
    except OSError as error:
        say({"error": f"{error.filename or base}: {error.strerror or error}"})


def say(what: dict[str, object]) -> None:
    """Answer."""
    print(json.dumps(what), flush=True)


def make_ready(folder: str) -> None:
    """Let a run that was computed in `folder` go on there: once its process is gone, and without what was asked of it
    before."""
    import fcntl

    if not os.path.isfile(os.path.join(folder, "run.lrrun")):
        raise RefusedError(f"the run's folder {folder} is gone")
    alive, until = os.path.join(folder, "alive"), time.monotonic() + ENDING
    while os.path.exists(alive):  # SLURM's runs have none
        with open(alive, "rb") as lock:
            try:
                fcntl.flock(lock.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise RefusedError("it is still going on there") from None
        time.sleep(0.1)
    for name in ("requests", "run.requests"):
        if os.path.exists(os.path.join(folder, name)):
            os.unlink(os.path.join(folder, name))


def receive(stdin: BinaryIO, path: str, size: int) -> None:
    """Write the next `size` bytes to a file."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        while size > 0:
            data = stdin.read(min(size, PIECE))
            if not data:
                raise RefusedError("the connection ended while its files were sent")
            file.write(data)
            size -= len(data)


def lines_of(log: str) -> int:
    """Whole lines of a run's log; 0 before there is one."""
    if not os.path.exists(log):
        return 0
    with open(log, "rb") as file:
        return sum(data.count(b"\n") for data in iter(lambda: file.read(PIECE), b""))


def cache_folder() -> str:
    """Where the package and the runs lie on this machine."""
    return os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "lrgui")


def unpack(data: bytes, place: str) -> None:
    """Put the package where all runs of its version find it; another run may do the same just now."""
    parent = os.path.dirname(place)
    os.makedirs(parent, exist_ok=True)
    made = tempfile.mkdtemp(dir=parent)
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            if hasattr(tarfile, "data_filter"):
                tar.extractall(made, filter="data")
            else:
                tar.extractall(made)
        os.rename(made, place)
    except OSError as error:
        shutil.rmtree(made, ignore_errors=True)
        if not os.path.isdir(place):
            error.filename = error.filename or parent  # a disk that is full names no file
            raise


def begin(about: dict[str, Any], sources: str, folder: str) -> dict[str, object]:
    """Start the run's own process, or submit it."""
    work = os.path.expanduser(str(about["folder"]))
    if work and not os.path.isdir(work):
        raise RefusedError(f"there is no folder {work}")
    with open(os.path.join(folder, "job.json"), "w", encoding="utf-8") as file:
        team = {name: about.get(name) for name in ("command", "launcher", "processes", "rank", "endpoint", "host")}
        placed_job, state = placed(about["job"], folder), about["state"]
        json.dump({"job": placed_job, "state": state, "folder": work, "sources": sources, **team}, file)
    with open(os.path.join(folder, "team.py"), "w", encoding="utf-8") as file:
        file.write(about["team"])  # torchrun starts a file
    beside = {"log": "run.lrrun"}
    words = [sys.executable, "-c", str(about["boot"]), sources, folder]
    log = os.path.join(folder, "run.lrrun")
    told: dict[str, object] = {"log": log, "lines": lines_of(log)}
    slurm = about["slurm"]
    if slurm:
        several = [f"#SBATCH --nodes={about['nodes']}", "#SBATCH --ntasks-per-node=1"]
        script = "\n".join(
            [
                "#!/bin/sh",
                "#SBATCH --job-name=lrgui",
                f"#SBATCH --output={folder}/output",
                "#SBATCH --signal=B:TERM@60",
                *(several if about["nodes"] > 1 else []),
                *(f"#SBATCH {word}" for word in shlex.split(slurm["options"])),
                f"cd {shlex.quote(work or folder)}",
                *filter(None, [slurm["setup"]]),
                *(["# starts on its nodes: " + shlex.join(about["command"])] if about["command"] else []),
                f"exec {shlex.join([*words[:2], 'exec(open(' + repr(folder + '/boot.py') + ').read())', *words[3:]])}",
                "",
            ]
        )
        for name, text in (("boot.py", words[2]), ("job.sh", script)):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        job = submitted(os.path.join(folder, "job.sh"))
        beside.update(slurm=job, patience="10")
        told.update(job=job, script=script)
    with open(os.path.join(folder, "elsewhere.json"), "w", encoding="utf-8") as file:
        json.dump(beside, file)
    with open(os.path.join(folder, "trouble"), "w", encoding="utf-8") as file:
        file.write(" " * about["trouble"])  # so that it has its place on the disk before that is full
    if not slurm:
        import fcntl

        # The lock lives as long as the run's process, which inherits it: followers see whether it is alive.
        with open(os.path.join(folder, "alive"), "wb") as lock, open(os.path.join(folder, "output"), "ab") as output:
            fcntl.flock(lock.fileno(), fcntl.LOCK_EX)
            subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=work or folder,
                pass_fds=(lock.fileno(),),
                start_new_session=True,
            )
    return told


def placed(job: Any, folder: str) -> Any:
    """The job with the paths that it has here: its files are in the run's folder."""
    task = job["task"]
    task["path"] = task["path"].replace("{run}", folder)
    if isinstance(task["options"].get("folder"), str):
        task["options"]["folder"] = os.path.expanduser(task["options"]["folder"].replace("{run}", folder))
    return job


def submitted(script: str) -> str:
    """The number that the queue gave to a job."""
    try:
        command = ["sbatch", "--parsable", script]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except OSError:
        raise RefusedError(
            "there is no sbatch: SLURM is not installed, or not on the PATH of a login through ssh"
        ) from None
    number = done.stdout.strip().partition(";")[0]
    if done.returncode != 0 or not number:
        raise RefusedError(f"sbatch refuses the job: {(done.stderr or done.stdout).strip() or done.returncode}")
    return number


if __name__ == "__main__":
    main()
