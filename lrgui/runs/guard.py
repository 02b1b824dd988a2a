"""No orphans: a tiny process that ends a worker, and all that it started, when whoever launched it is gone.

Only the standard library, nothing heavy: the guard is forked from the worker before anything is imported, so
that it stays small (that of a worker which was itself forked shares its memory with it, `fork_serving`). It
lives in the worker's own session and group, sees two things end, the launcher (its end of a pipe closes, however
it dies) and the worker, and then ends the group. The end of the worker's input would not do: forked children of
loaders hold that pipe, and a thread that watches it does not run while C code holds the GIL. Where the guard
itself is killed, the kernel still ends the worker with its launcher (Linux).
What the task puts into a session of its own is out of reach.
Needs `fork`; elsewhere (Windows) the worker itself watches its input, see `worker`.
"""

from __future__ import annotations

import os
import select
import signal
import time

#: Seconds between asking and ending: time for multiprocessing's tracker to remove semaphores.
GRACE = 0.15
#: How often is looked, in seconds, where the system cannot tell of a process' end.
POLL = 0.2


def available() -> bool:
    """True where a guard can be made."""
    return hasattr(os, "fork")


def start(alive: int | None) -> None:
    """Make this process the leader of a session of its own and fork its guard; `alive` is the reading end of
    the launcher's pipe (None: only the worker's own end is watched), which belongs to this function.

    Must be called before threads exist. Does nothing where there is no `fork`.
    """
    if not available():
        return
    worker = os.getpid()
    if os.getsid(0) != worker:
        try:
            os.setsid()
        except PermissionError:
            return  # leads a group in a session that is not its own: a group to end would be somebody else's
    if os.fork() == 0:
        try:
            _watch(worker, alive)
        finally:
            os._exit(0)  # never back into the worker's code
    if alive is not None and not _end_with_launcher(alive):
        os.close(alive)


def _end_with_launcher(alive: int) -> bool:
    """Let the kernel end this process once the launcher has gone, also where its guard was killed and C code holds the
    GIL: nobody else could. `alive` must stay open then. False where the system knows no such thing.
    """
    try:
        import fcntl

        fcntl.fcntl(alive, fcntl.F_SETSIG, signal.SIGKILL)  # Linux only
        fcntl.fcntl(alive, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(alive, fcntl.F_SETFL, fcntl.fcntl(alive, fcntl.F_GETFL) | os.O_ASYNC)
    except (AttributeError, ImportError, OSError):
        return False
    return True


def _watch(worker: int, alive: int | None) -> None:
    """The guard's whole life."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # meant for the others of the group
    kept = -1 if alive is None else alive
    os.closerange(0, kept)  # else the worker's pipes would never end for their reader
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))
    os.chdir("/")
    _wait(worker, alive)
    if os.getppid() == worker:
        os.kill(worker, signal.SIGKILL)
    group = os.getpgrp()
    os.killpg(group, signal.SIGTERM)
    time.sleep(GRACE)
    _remove_folders_of(worker)
    os.killpg(group, signal.SIGKILL)  # this process too


def _remove_folders_of(worker: int) -> None:
    """What a worker that was killed could not remove."""
    try:
        from lrgui.temporary import remove_folders_of  # not before: a guard stays small

        remove_folders_of(worker)
    except Exception:  # the package may be gone by now; the group must end all the same
        pass


def _wait(worker: int, alive: int | None) -> None:
    """Return when the worker or the launcher has gone."""
    poll = select.poll()
    if alive is not None:
        poll.register(alive, 0)  # tells of the other end's closing only
    timeout: float | None = POLL * 1000
    try:
        poll.register(os.pidfd_open(worker), select.POLLIN)
        timeout = None
    except (AttributeError, OSError):
        pass  # not Linux, or an old one
    while os.getppid() == worker:  # also right if the worker died before the line above
        if poll.poll(timeout):
            return
