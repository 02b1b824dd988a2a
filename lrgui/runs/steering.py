"""Requests to a run from another process: lines of a file beside its log, which whoever reads the run hands on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from lrgui.runs.event_source import Steerable
from lrgui.runs.lines import SUFFIX
from lrgui.runs.remote.tail import MARK

#: Seconds between two looks for requests.
PACE = 0.2
#: How the file is called that takes them, in the place of the log's ending. `remote.tail` knows it as well.
REQUESTS = ".requests"


def requests_of(log: Path) -> Path:
    """Where requests to the run of this log go while it is computed on this machine."""
    return log.with_name(log.name.removesuffix(SUFFIX) + REQUESTS)


@contextmanager
def steered(log: Path | None, source: Hearing) -> Iterator[None]:
    """Inside, `source` hears what others ask of the run that is written to `log`; None where it is written nowhere.

    No request stays behind. What was asked before somebody listened counts, too: the log is held before.
    """
    if log is None:
        yield
        return
    requests, over = requests_of(log), threading.Event()
    listener = threading.Thread(target=listen, args=(requests, source, over), name="lrgui requests", daemon=True)
    listener.start()
    try:
        yield
    finally:
        over.set()
        listener.join(10 * PACE)
        forget(log)


class Hearing(Protocol):
    """What hears the requests of all runs; an `EventSource` does."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def cancel(self) -> None: ...

    def kill(self) -> None: ...


def listen(requests: Path, source: Hearing, over: threading.Event, ending: Callable[[], object] = lambda: None) -> None:
    """Hand on each line of a file that others append to, once, until `over`; lines that are no request are let go.
    `ending` is called where one asks for the end."""
    done, rest = 0, b""
    verbs = {"pause": source.pause, "resume": source.resume, "cancel": source.cancel, "kill": source.kill}
    while not over.wait(PACE):
        try:
            with requests.open("rb") as file:
                file.seek(done)
                data = file.read()
        except OSError:
            continue
        done += len(data)
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            request = line.decode("ascii", "replace").strip()
            if request in ("cancel", "kill"):
                ending()
            if request in verbs:
                verbs[request]()
            elif request and not request.startswith(MARK) and isinstance(source, Steerable):
                source.ask(request)


def forget(log: Path) -> None:
    """Remove what was asked of a run that is over, or whose process was killed: it is not meant for the next one."""
    with suppress(OSError):
        requests_of(log).unlink(missing_ok=True)
