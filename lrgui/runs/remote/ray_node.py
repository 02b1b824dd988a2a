"""What runs inside Ray: the mailbox beside whoever started the runs, and the task that computes one of them on a node.

Both are sent there by value (see `ray_tasks`), so that nodes need Python, torch and numpy, but no LR Finder of their
own: at its beginning this file needs the standard library alone, and `there`, which is sent with it. The package comes
once to each node, the files of a run with it, where the node has not the same under the same path.
"""

from __future__ import annotations

import hashlib
import os
import queue
import shutil
import sys
import tempfile
import threading
import time
from importlib import import_module
from typing import Any

from lrgui.runs.remote.there import cache_folder, placed, unpack

#: Seconds for which a task gathers events, and the driver waits for news: each message costs some milliseconds of
#: three processes, on the cores that compute.
GATHER = 0.25
#: Seconds after which a task that has nothing to tell asks whether somebody wants something.
BEAT = 1.0


class Mailbox:
    """The actor: takes what the tasks send, hands it to the driver, and tells the tasks what is asked of them."""

    def __init__(self) -> None:
        self._letters: list[tuple[str, int, list[str]]] = []
        self._begun: dict[str, str] = {}
        self._requests: dict[str, list[str]] = {}
        self._cancelled = False

    def begin(self, ticket: str, node: str) -> bool:
        """A run begins on a node. False where it is not to."""
        self._begun[ticket] = node
        return not self._cancelled

    def put(self, ticket: str, number: int, lines: list[str]) -> list[str]:
        """Take event lines of a run; `number` counts its letters, and without lines it is none. What is asked of it."""
        if lines:
            self._letters.append((ticket, number, lines))
        asked = self._requests.pop(ticket, [])
        return [*asked, "cancel"] if self._cancelled else asked

    def take(self) -> tuple[dict[str, str], list[tuple[str, int, list[str]]]]:
        """Everything since the last call: which runs have begun, and where; the letters."""
        begun, self._begun = self._begun, {}
        letters, self._letters = self._letters, []
        return begun, letters

    def ask(self, ticket: str, request: str) -> None:
        """Ask something of one run."""
        self._requests.setdefault(ticket, []).append(request)

    def cancel(self) -> None:
        """Let every run that sends something from now on end."""
        self._cancelled = True


def compute(mailbox: Any, ticket: str, parcel: dict[str, Any]) -> dict[str, Any]:
    """The task: run the job of a parcel in a worker process on this node.

    Returns how many letters were `sent`, and the `files` that it made (a training's checkpoints), by their names.
    """
    ray: Any = import_module("ray")
    node = ray.util.get_node_ip_address()
    if not fetched(mailbox.begin.remote(ticket, node)):
        raise KeyboardInterrupt  # Ray's word for a task that was cancelled
    folder = tempfile.mkdtemp(prefix="lrgui-ray-")
    try:
        job, current = settled(parcel, folder)
        use_package(parcel, node)
        made = os.path.join(folder, "made")
        on_node: Any = import_module("lrgui.runs.remote.on_node")
        # Each run may get other GPUs, and what has opened one must not fork.
        warm = parcel["many"] and not ray.get_gpu_ids()
        source = on_node.source_of(job, current, made if parcel["keeps"] else "", warm=warm)
        sent = _deliver(mailbox, ticket, source, on_node.lines_of)
        return {"sent": sent, "files": _contents(made)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fetched(reference: Any) -> Any:
    """What a reference of Ray's stands for.

    Not by `ray.get`: while a task waits in that, Ray gives its CPUs to the next one, and a node computes more runs at
    once than it has room for.
    """
    return reference.future().result()


def settled(parcel: dict[str, Any], folder: str) -> tuple[Any, str]:
    """The job with the paths that it has on this node: its own where the same lies there, else those of the files
    that were sent, which are written to `folder`; and the current folder of its code, "" for that of its file.
    """
    work = os.path.expanduser(parcel["folder"])
    if work and not os.path.isdir(work):
        raise FileNotFoundError(f"there is no folder {work}")
    there = all(_is_there(*each) for each in parcel["known"])
    job = parcel["job"] if there else placed(parcel["moved"], folder)
    if not there:
        for name, data in fetched(parcel["contents"]).items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
    # Where a shared disk has the code's folder, what the code opens by itself is found from there.
    current = work or next((place for place in parcel["homes"] if os.path.isdir(place)), "")
    if current and isinstance(job["task"]["options"].get("folder"), str):
        job["task"]["options"]["folder"] = current  # of a script
    return job, current


def _is_there(path: str, digest: str) -> bool:
    """True where this node has a file of this content, for data without a digest where it has anything of that name."""
    if not digest:
        return os.path.exists(path)
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest() == digest
    except OSError:
        return False


def use_package(parcel: dict[str, Any], node: str) -> None:
    """See that `lrgui` is the one that the run was sent with."""
    sources = os.path.join(cache_folder(), "sources", parcel["digest"])
    if not os.path.isdir(sources):
        unpack(fetched(parcel["package"]), sources)
    if "lrgui" not in sys.modules:
        sys.path.insert(0, sources)
    here = str(import_module("lrgui._version").__version__)
    if here != parcel["version"]:  # of somebody else's task in this process
        raise RuntimeError(
            f"another LR Finder ({here}) is in use on {node}, {parcel['version']} where the run was started. Install "
            "the same version there"
        )


def _deliver(mailbox: Any, ticket: str, source: Any, lines_of: Any) -> int:
    """Send the events of a run off and hand on what is asked of it; returns how many letters that took.

    A thread reads them, so that this one hears requests also while nothing happens, and Ray, which ends tasks here.
    """
    chunks: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def read() -> None:
        try:
            for events in source.chunks():
                chunks.put(lines_of(events))
        except BaseException as error:
            chunks.put(error)
        chunks.put(None)

    verbs = {"pause": source.pause, "resume": source.resume, "cancel": source.cancel, "kill": source.kill}
    reader = threading.Thread(target=read, name="lrgui events", daemon=True)
    reader.start()
    sent, waiting, over, last = 0, list[str](), False, time.monotonic()
    try:
        while not over:
            try:
                found = chunks.get(timeout=GATHER)
                if isinstance(found, BaseException):
                    raise found
                over = found is None
                waiting += found or ()
            except queue.Empty:
                pass
            since = time.monotonic() - last
            if over or since >= (GATHER if waiting else BEAT):
                last = time.monotonic()
                asked = fetched(mailbox.put.remote(ticket, sent, waiting))
                sent, waiting = sent + bool(waiting), []
                for request in asked:
                    if request in verbs:
                        verbs[request]()
                    elif hasattr(source, "ask"):
                        source.ask(request)
        return sent
    finally:
        if not over:  # Ray or the driver's end breaks it off
            source.kill()
        reader.join(10)


def _contents(folder: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        with open(os.path.join(folder, name), "rb") as file:
            found[name] = file.read()
    return found
