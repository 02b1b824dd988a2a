"""sbatch, squeue, sacct, scancel, srun for the front of PATH: a queue of this machine that begins jobs when let."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PROGRAM = """#!{python}
import fcntl, json, os, signal, subprocess, sys, threading, time
from pathlib import Path
here = Path({folder!r})
name, words = Path(sys.argv[0]).name, sys.argv[1:]
def keep(job, about):  # whole at any time for whoever reads it
    job.with_suffix(".new").write_text(json.dumps(about))
    os.replace(job.with_suffix(".new"), job)
def alive(pid):
    try:
        return Path(f"/proc/{{pid}}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
def start():
    for job in sorted(here.glob("*.json")):
        about = json.loads(job.read_text())
        if about["state"] == "PENDING" and not (here / "hold").exists():
            out = open(about["output"], "ab")
            about["pid"] = subprocess.Popen(["sh", about["script"]], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                            start_new_session=True).pid
            about["state"] = "RUNNING"
            keep(job, about)
while name == "squeue" and (here / "stuck").exists():
    time.sleep(0.02)
if name == "scancel" and (here / "deny").exists():
    sys.exit("scancel: error: Kill job error on job id 41: Access/permission denied")
if name != "srun":  # two calls at once would begin one job twice
    lock = open(here / "lock", "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
if name == "sbatch":
    if (here / "refuse").exists():
        sys.exit("sbatch: error: invalid partition specified: nonsense")
    text = Path(words[-1]).read_text()
    lines = [line[8:] for line in text.splitlines() if line.startswith("#SBATCH ")]
    output = next(line.partition("=")[2] for line in lines if line.startswith("--output="))
    number = 41 + len(list(here.glob("*.json")))
    about = {{"script": words[-1], "options": lines, "output": output, "state": "PENDING"}}
    keep(here / f"{{number}}.json", about)
    start()
    print(f"{{number}};cluster")
    sys.exit()
if name == "srun":
    nodes = int(words[0].partition("=")[2])
    tasks = [subprocess.Popen(words[4:], stdin=subprocess.PIPE, env={{**os.environ, "SLURM_NODEID": str(node)}})
             for node in range(nodes)]
    signal.signal(signal.SIGTERM, lambda *_: [task.terminate() for task in tasks])
    def feed():
        while data := os.read(0, 65536):
            for task in tasks:
                os.write(task.stdin.fileno(), data)
    threading.Thread(target=feed, daemon=True).start()
    status = max(task.wait() for task in tasks)
    os._exit(status)
start()
number = words[-1] if name == "scancel" else words[words.index("--jobs") + 1]
job = here / f"{{number}}.json"
about = json.loads(job.read_text())
if about["state"] == "RUNNING" and not alive(about["pid"]):
    about["state"] = "COMPLETED"
if name == "squeue":
    if about["state"] not in ("PENDING", "RUNNING"):
        sys.exit("slurm_load_jobs error: Invalid job id specified")
    print(about["state"] + "|" + ("Priority" if about["state"] == "PENDING" else "None"))
elif name == "sacct":
    print(about["state"].rjust(40))
elif about["state"] == "PENDING":
    about["state"] = "CANCELLED"
elif about["state"] == "RUNNING":
    os.killpg(about["pid"], signal.SIGTERM)
    about["state"] = "CANCELLED"
keep(job, about)
"""


class Slurm:
    """The queue; its jobs are files in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin = folder, folder / "bin"
        self.bin.mkdir(parents=True)
        for name in ("sbatch", "squeue", "sacct", "scancel", "srun"):
            program = self.bin / name
            program.write_text(_PROGRAM.format(python=sys.executable, folder=str(folder)))
            program.chmod(0o755)

    @property
    def path(self) -> str:
        """PATH with it in front."""
        return f"{self.bin}{os.pathsep}{os.environ['PATH']}"

    def hold(self) -> None:
        """Let jobs wait."""
        (self.folder / "hold").touch()

    def stick(self) -> None:
        """Let squeue answer nobody until `unstick`."""
        (self.folder / "stuck").touch()

    def unstick(self) -> None:
        """Let it answer again."""
        (self.folder / "stuck").unlink()

    def deny(self) -> None:
        """Let scancel end no job."""
        (self.folder / "deny").touch()

    def let_go(self) -> None:
        """Let them begin."""
        (self.folder / "hold").unlink()
