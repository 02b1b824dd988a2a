"""Errors of other processes and threads: as they were there, before they were sent here as a text.

A process that loads batches sends torch an `ExceptionWrapper`: its error's class, and the traceback as a text. torch
raises that class again with the whole text for its message (a RuntimeError where the class takes no such argument),
so that errno, file name, missing module, message and lines are only to be had from the text.
"""

from __future__ import annotations

import ast
import builtins
import re
import signal
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: What torch writes in front of the traceback: "Caught OSError in DataLoader worker process 0.", "… in pin memory
#: thread for device 0.", "… in replica 1 on device 1.".
_CAUGHT = re.compile(r"^Caught (?P<kind>\w+) (?P<where>in [^\n]*)\.\nOriginal (?P<trace>.*)", re.DOTALL)
_BETWEEN = re.compile(
    r"\n\n(?P<cause>The above exception was the direct cause of the following exception"
    r"|During handling of the above exception, another exception occurred):\n\n(?=Traceback \(most recent call last\)|"
    r"  \+ Exception Group Traceback|  File )"
)
_FRAME = re.compile(r'^\s*(?:\| +)?File "(.+?)", line (\d+)', re.MULTILINE)
_LAST = re.compile(r"(?P<kind>[\w.<>]+)(?:: ?(?P<message>.*))?", re.DOTALL)
_OS_MESSAGE = re.compile(
    r"\[(?:Errno|WinError) (?P<number>-?\d+)\] (?P<words>.*?)"
    r"(?:: (?P<name>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|b'(?:[^'\\]|\\.)*'|-?\d+)(?: -> .*)?)?",
    re.DOTALL,
)
#: What a traceback says of an error whose own `__str__` fails.
_NO_WORDS = re.compile(r"^<(?:exception str\(\) failed|unprintable \w+ object)>$")
_NO_MODULE = re.compile(r"No module named '?(?P<name>[^'\s;]+)'?")

#: Classes that cannot be made with a message alone.
_OWN_ARGUMENTS = (UnicodeError, getattr(builtins, "BaseExceptionGroup", UnicodeError))

Frames = list[tuple[str, int]]


@dataclass(frozen=True)
class _Told:
    """One error of a traceback's text."""

    kind: str
    message: str
    frames: Frames
    is_cause: bool
    """Of the one that follows it: the direct cause, else what was handled when that one came."""


def text_of(error: BaseException) -> str:
    """The message of `error`; empty where the error's own `__str__` fails."""
    try:
        return str(error).strip()
    except Exception:  # a class of the person's whose __str__ asks for what is not there
        return ""


def original(error: BaseException) -> BaseException:
    """`error`, or where it came as a text from another process, the error that was there.

    That one has its class's name, its message, its fields (errno, file name, module) and what caused it; it is an
    instance of the built-in classes that the first was an instance of, not of the person's own ones. Never raises.
    """
    found = _sent(error)
    if found is None:
        return error
    kind, known, trace = found
    parts = _parts(trace)
    made: BaseException | None = None
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        one = _made(kind if last else part.kind, known if last else None, part)
        if made is not None and parts[index - 1].is_cause:
            one.__cause__ = made
        one.__context__ = made
        made = one
    if made is None:
        return error
    made = original(made)  # one that was sent twice: a loader within a loader
    return made.with_traceback(error.__traceback__)


def lost_by_worker(error: BaseException) -> bool:
    """True where a tensor was to be fetched from a process that loads batches and that is gone by now."""
    files = (frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__))
    return isinstance(error, OSError | EOFError) and any(
        file.endswith(("multiprocessing/resource_sharer.py", "multiprocessing\\resource_sharer.py")) for file in files
    )


def death_words(error: BaseException) -> str:
    """What torch says of a process that loads batches and is gone, with the signal where only its exit code has it."""
    text = text_of(error)
    if lost_by_worker(error):
        return "DataLoader worker (pid unknown) exited unexpectedly"
    if "exited unexpectedly" not in text:
        return text
    held = (frame.f_locals.get("failed_workers") for frame, _ in traceback.walk_tb(error.__traceback__))
    codes = [getattr(worker, "exitcode", None) for workers in held if isinstance(workers, list) for worker in workers]
    number = next((-code for code in codes if isinstance(code, int) and code < 0), 0)
    name = signal.strsignal(number) if number else None
    return f"DataLoader worker (pid 0) is killed by signal: {name}. " if name else text


def frames_there(error: BaseException) -> Frames:
    """Files and lines in the other process on the way to an error, as far as the error knows of them."""
    there: Frames = list(getattr(error, "_lrgui_frames", ()))
    cause = error.__cause__  # the text that multiprocessing's pools and concurrent.futures hand over
    if cause is not None and type(cause).__name__ in ("RemoteTraceback", "_RemoteTraceback"):
        there += _frames_in(text_of(cause))
    return there


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """The error, what caused it, what caused that, and so on, each as it was where it came."""
    seen: set[int] = set()
    part: BaseException | None = error
    while part is not None and id(part) not in seen:
        seen.add(id(part))
        part = original(part)
        yield part
        part = part.__cause__ or (None if part.__suppress_context__ else part.__context__)


def _sent(error: BaseException) -> tuple[str, type[BaseException] | None, str] | None:
    """Name, class (None where unknown) and traceback of the error that was sent; None where none was."""
    wrapper = _wrapper(error)
    if wrapper is not None:
        return wrapper.exc_type.__name__, wrapper.exc_type, str(wrapper.exc_msg)
    there = _CAUGHT.match(text_of(error))
    if there is None:
        return None
    known = type(error) if type(error).__name__ == there["kind"] else None
    return there["kind"], known, there["trace"]


def _wrapper(error: BaseException) -> Any:
    """What torch raised `error` from; None where it didn't. A class may make what it likes of the text."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__) if frame.f_code.co_name == "reraise"]
    held = frames[-1].f_locals.get("self") if frames else None
    fits = isinstance(getattr(held, "exc_type", None), type) and isinstance(getattr(held, "exc_msg", None), str)
    return held if fits else None


def _parts(trace: str) -> list[_Told]:
    """The errors of a traceback, the first that came first."""
    parts: list[_Told] = []
    at = 0
    while at <= len(trace):
        between = _BETWEEN.search(trace, at)
        text = trace[at : between.start() if between else len(trace)]
        part = _part(text, between is not None and between["cause"].startswith("The above"))
        if part is not None and between is not None and _CAUGHT.match(part.message + "\n"):
            return [*parts, _part(trace[at:], False) or part]  # all that follows is the text of the one inside
        if part is not None:
            parts.append(part)
        if between is None:
            break
        at = between.end()
    return parts


def _part(text: str, is_cause: bool) -> _Told | None:
    """One error of a traceback: its lines are indented, its message is what follows them."""
    lines = text.strip("\n").split("\n")
    begin = 1 if lines[0].lstrip(" +|").startswith(("Traceback", "Exception Group Traceback")) else 0
    grouped = lines[0].startswith("  +")
    if grouped:
        lines = [line.removeprefix("  | ") for line in lines]
    at = next((n for n, line in enumerate(lines) if n >= begin and line[:1].strip()), len(lines))
    said = _LAST.fullmatch("\n".join(lines[at:]))
    if said is None:
        return None
    return _Told(
        kind=said["kind"].rpartition(".")[2],
        message=_NO_WORDS.sub("", (said["message"] or "").strip()),
        frames=_frames_in("\n".join(lines[:at])),
        is_cause=is_cause,
    )


def _frames_in(text: str) -> Frames:
    return [(file, int(line)) for file, line in _FRAME.findall(text)]


def _made(kind: str, known: type[BaseException] | None, told: _Told) -> BaseException:
    """An error of that name and message, with the fields that its message knows."""
    base = _base(kind, known)
    fields = {"__str__": lambda self: told.message, "__module__": getattr(known, "__module__", "builtins")}
    error: BaseException = type(kind, (base,), fields)(*_arguments(base, told.message))
    if isinstance(error, ImportError):
        missing = _NO_MODULE.search(told.message)
        error.name = missing["name"] if missing else None
    if isinstance(error, SyntaxError):
        error.msg = told.message
        error.filename, error.lineno = told.frames[-1] if told.frames else (None, None)
    error._lrgui_frames = told.frames  # type: ignore[attr-defined]
    return error


def _base(kind: str, known: type[BaseException] | None) -> type[BaseException]:
    """The built-in class of which an error of that name is."""
    classes: tuple[Any, ...] = known.__mro__ if known is not None else (getattr(builtins, kind, None), Exception)
    for one in classes:
        usual = isinstance(one, type) and issubclass(one, BaseException) and one.__module__ == "builtins"
        if usual and not issubclass(one, _OWN_ARGUMENTS):
            return one  # type: ignore[no-any-return]
    return Exception


def _arguments(base: type[BaseException], message: str) -> tuple[Any, ...]:
    said = _OS_MESSAGE.fullmatch(message) if issubclass(base, OSError) else None
    if said is None:
        return (message,)
    name = ast.literal_eval(said["name"]) if said["name"] else None
    return (int(said["number"]), said["words"], name) if name is not None else (int(said["number"]), said["words"])
