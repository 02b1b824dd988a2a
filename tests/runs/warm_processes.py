"""Processes of this Python that need not import torch first: forked from one that has, the server.

Importing torch and the engines takes two seconds of a processor, nine tenths of what a short run takes, and hundreds of
tests start a process. Where a start itself is what is tested, processes must be cold.

A warm process is a child of the test's process, in its session, with the descriptors, environment, folder, warnings
and words that were asked for, so that signals, waiting and pipes are the real ones. What differs: its command line as
`/proc` tells it, and that torch and the package are in `sys.modules`.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import gc
import inspect
import io
import json
import os
import random
import runpy
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import traceback
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from lrgui.runs.python_command import boot_text

#: Processes that are measured begin by themselves. (And only Linux can make a child of a server's child one of ours.)
AVAILABLE = "COVERAGE_PROCESS_CONFIG" not in os.environ
#: Variables that Python and torch read when they start, before a fork could change them.
_AT_START = ("PYTHON", "LC_", "LANG", "LD_", "OMP_", "MKL_", "CUDA_")
_ASKED_FOR = ("PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE")  # seen to here
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of <sys/prctl.h>
#: Descriptors on their way are kept above those that anybody asks for by number.
_HIGH = 200

#: What is started warm, besides files: all else may look at what Python has imported.
OURS = [["-m", "lrgui"], *(["-c", boot_text(f"lrgui.runs.{worker}")] for worker in ("worker", "script_worker"))]

_popen = subprocess.Popen


class WarmPopen(_popen):  # type: ignore[type-arg]
    """`subprocess.Popen` with a short way for our command line, our workers and files with code in this Python."""

    def _execute_child(self, *arguments: Any) -> None:
        usual = super()._execute_child
        given = inspect.signature(usual).bind(*arguments).arguments
        request = _request(given)
        if request is None:
            usual(*arguments)
            return
        ours = {0: given["p2cread"], 1: given["c2pwrite"], 2: given["errwrite"]}
        descriptors = {number: number if own == -1 else own for number, own in ours.items()}
        descriptors.update({number: number for number in given["pass_fds"]})
        self.pid = _start(request, descriptors)
        self._child_created = True
        self._close_pipe_fds(*(given[name] for name in _PIPES))  # type: ignore[attr-defined]


_PIPES = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")


def _request(given: dict[str, Any]) -> dict[str, Any] | None:
    """What a warm process must know of a command; None for one that must go the usual way."""
    words = [os.fspath(word) for word in ([given["args"]] if isinstance(given["args"], str) else given["args"])]
    plain = given["close_fds"] and not given["shell"] and given["preexec_fn"] is None and given["umask"] == -1
    if not plain or words[:1] != [sys.executable] or given["executable"] not in (None, sys.executable):
        return None
    at, strict = 1, False
    if words[1:3] == ["-W", "error"]:
        at, strict = 3, True
    if words[at : at + 2] not in OURS:
        if not words[at : at + 1] or not words[at].endswith(".py"):
            return None
        words.insert(at, "")
    environment = dict(os.environ if given["env"] is None else given["env"])
    if _at_start(environment) != _BEGAN_WITH:
        return None
    try:
        folder = os.path.join(os.getcwd(), os.fspath(given["cwd"] or ""))
    except OSError:  # it was deleted
        return None
    if not os.path.isdir(folder):
        return None
    return {
        "words": words[at:],
        "strict": strict,
        "environment": environment,
        "folder": folder,
        "session": bool(given["start_new_session"]),
        "group": given.get("process_group", -1),
    }


def _at_start(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(_AT_START) and name not in _ASKED_FOR}


#: What the server was told of these, and so every warm process.
_BEGAN_WITH = _at_start(dict(os.environ))

# -- in the process of the tests

_server: tuple[socket.socket, subprocess.Popen[bytes]] | None = None
_is_warm = False
_lock = threading.Lock()


def _start(request: dict[str, Any], descriptors: dict[int, int]) -> int:
    """The number of a new process, by this one's own fork where this one is warm."""
    with _lock:
        if _is_warm:
            return _fork(request, {number: _kept(own) for number, own in descriptors.items()})
        server = _the_server()
        request = {**request, "descriptors": list(descriptors)}
        data = json.dumps(request).encode()
        _adopt(True)
        try:
            socket.send_fds(server, [struct.pack("!I", len(data))], list(descriptors.values()))
            server.sendall(data)
            (pid,) = struct.unpack("!I", _exactly(server, 4))
        finally:
            _adopt(False)
        return int(pid)


def _the_server() -> socket.socket:
    global _server
    if _server is None:
        ours, theirs = socket.socketpair()
        command = [sys.executable, __file__, str(theirs.fileno())]
        others = {name: value for name, value in os.environ.items() if name not in _at_start(dict(os.environ))}
        environment = {**others, **_BEGAN_WITH}
        _server = ours, _popen(command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, env=environment)
        theirs.close()
    return _server[0]


def close() -> None:
    """End the server, which would end with this process, too: its end of the pair is closed then."""
    global _server
    if _server is not None:
        _server[0].close()
        _server[1].wait()
        _server = None


def _adopt(yes: bool) -> None:
    """Whether this process becomes the parent of what its children leave behind."""
    ctypes.CDLL(None).prctl(_SUBREAPER, int(yes), 0, 0, 0)


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise RuntimeError("The server of warm processes has ended.")
        data += more
    return data


# -- in the server


def _serve(connection: socket.socket) -> None:
    """Fork what is asked for, until nobody is there to ask."""
    sys.path.pop(0)  # this file's folder
    usual = list(warnings.filters)
    from lrgui.runs.worker import prepare_torch

    prepare_torch()
    import torch.utils.data  # noqa: F401

    import lrgui.cli
    import lrgui.runs.script_worker  # noqa: F401

    global _warnings
    _warnings = (usual, [each for each in warnings.filters if each not in usual])
    gc.collect()
    gc.freeze()  # else the first collection of each child would copy all of it
    while True:
        size, received, _flags, _address = socket.recv_fds(connection, 4, 64)
        if not size:
            return
        request = json.loads(_exactly(connection, struct.unpack("!I", size)[0]))
        descriptors = dict(zip(request["descriptors"], map(_kept, received), strict=True))
        for own in received:
            os.close(own)
        answer, told = os.pipe()
        between = os.fork()
        if between == 0:  # its child is left to the tests' process, which wants it
            connection.close()
            os.close(answer)
            pid = _fork(request, descriptors, waits=True)
            os.write(told, struct.pack("!I", pid))
            os._exit(0)
        os.close(told)
        for own in descriptors.values():
            os.close(own)
        os.waitpid(between, 0)
        connection.sendall(os.read(answer, 4))
        os.close(answer)


#: The filters of a Python that has just started, and those that torch has added.
_warnings: tuple[list[Any], list[Any]] = ([], [])


def _kept(own: int) -> int:
    """A copy of a descriptor that no number will be asked for."""
    return fcntl.fcntl(own, fcntl.F_DUPFD_CLOEXEC, _HIGH)


def _fork(request: dict[str, Any], descriptors: dict[int, int], waits: bool = False) -> int:
    """Fork a process that does what is asked for; takes the descriptors. It waits until its parent has gone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of threads, which Python 3.12 warns of
        gone, held = os.pipe() if waits else (-1, -1)
        pid = os.fork()
    if pid == 0:
        try:
            if waits:
                os.close(held)
                os.read(gone, 1)
            _become(request, descriptors)
        except BaseException:
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(1)
    for own in (*descriptors.values(), gone):  # what is held open tells that this process is there
        if own >= 0:
            os.close(own)
    return pid


# -- in a warm process


def _become(request: dict[str, Any], descriptors: dict[int, int]) -> NoReturn:
    """Be the process that was asked for, from its start to its end."""
    global _is_warm, _lock
    _is_warm, _lock = True, threading.Lock()
    if request["session"]:
        os.setsid()
    if request["group"] >= 0:
        os.setpgid(0, request["group"])
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR1):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, own in descriptors.items():
        os.dup2(own, number)
    last = 2
    for number in sorted(n for n in descriptors if n > 2):
        os.closerange(last + 1, number)
        last = number
    os.closerange(last + 1, os.sysconf("SC_OPEN_MAX"))
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.stdin = sys.__stdin__ = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = sys.__stdout__ = _stream(1, "strict")
    sys.stderr = sys.__stderr__ = _stream(2, "backslashreplace")
    tempfile.tempdir = None  # looked up anew
    random.seed()
    sys.modules["numpy"].random.seed()
    usual, added = _warnings
    warnings.filters[:] = usual  # type: ignore[index]
    if request["strict"]:
        warnings.simplefilter("error")
        sys.warnoptions[:] = ["error"]
    warnings.filters[:0] = added  # type: ignore[index]
    subprocess.Popen = WarmPopen  # type: ignore[misc]
    way, what, *more = request["words"]
    sys.orig_argv[:] = [sys.executable, *filter(None, (way, what)), *more]
    sys.argv[:] = [way or what, *more]
    if path := request["environment"].get("PYTHONPATH"):
        sys.path[:0] = path.split(os.pathsep)
    sys.path.insert(0, {"-m": os.getcwd(), "-c": ""}.get(way, os.path.dirname(os.path.abspath(what))))
    _leave(_status_of(way, what))


def _stream(number: int, errors: str) -> io.TextIOWrapper:
    """Standard output or error as Python makes them."""
    unbuffered = bool(os.environ.get("PYTHONUNBUFFERED"))
    raw = open(number, "wb", buffering=0 if unbuffered else -1, closefd=False)  # noqa: SIM115
    lines = number == 2 or raw.isatty()
    return io.TextIOWrapper(raw, errors=errors, line_buffering=lines, write_through=unbuffered)


def _status_of(way: str, what: str) -> int:
    """Run a module or a program as Python itself does."""
    main = sys.modules["__main__"] = ModuleType("__main__")
    try:
        if way == "-m":
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        else:
            if not way:
                main.__file__ = what
            text = what if way else Path(what).read_bytes()
            exec(compile(text, "<string>" if way else what, "exec"), vars(main))
    except SystemExit as left:
        if left.code is None or isinstance(left.code, int):
            return left.code or 0
        print(left.code, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        traceback.print_exc()
        return -signal.SIGINT
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _leave(status: int) -> NoReturn:
    import atexit

    with contextlib.suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except ValueError:
        pass  # it was closed
    except OSError:
        traceback.print_exc()
        status = 120
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status & 0xFF)


if __name__ == "__main__":
    import warm_processes  # not the functions of `__main__`, which is another module in each warm process

    warm_processes._serve(socket.socket(fileno=int(sys.argv[1])))
