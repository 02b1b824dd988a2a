"""Reads a log to its end and beyond, as it grows: here, and as a program of its own on another machine.

The standard library alone, and nothing newer than Python 3.7: the text of this file is sent to the other machine as it
is, and runs there in whatever Python there is. What it says goes out in frames: a letter, four bytes with the length,
so many bytes. A log that LR Finder started there has a file beside it (`BESIDE`) that says where requests go, and how
to see whether the run is still alive.
"""

from __future__ import annotations

import json
import os
import stat
import struct
import subprocess
import sys
import threading
import time
from typing import Generator, Iterator  # noqa: UP035 (older Pythons have it here)

#: Seconds between two looks at a file that did not grow, and between two frames at least.
POLL, BEAT = 0.02, 1.0
#: Why a run is gone that nobody ended.
KILLED = "its process has ended; it was killed, or the machine was restarted"
#: What is said of a log that nobody holds once it has not grown for so many seconds. Its writer may be on another
#: machine that does not share its locks, or a cut-off training may be resumed.
QUIET, NOBODY = 5.0, "Nothing is writing to the log as far as can be told; waiting for it to grow"
#: Bytes of a log in a frame at most.
MOST = 1 << 18
#: So many of a log's first bytes tell it from another one: its header says when the run began.
BEGIN = 1024
#: What lies beside the log of a run that was started from elsewhere, and why its log cannot be written just now.
BESIDE, TROUBLE = "elsewhere.json", "trouble"
#: The latter has its place on the disk before that is full.
TROUBLE_BYTES = 400

DATA, RESTART, ALIVE, STATUS, GONE, ERROR = b"D", b"R", b"A", b"S", b"G", b"E"
"""Kinds of frames: more of the log; the log begins again; nothing new; what goes on, in words; the run is gone, in
words; the log cannot be read, in words. Nothing follows the last two."""
HEARS, ALL, HEARD = b"H", b"U", b"N"
"""Further kinds: the first one, where requests reach the run; all that is there was sent; a request arrived: its mark,
a space, and why it did not, in words, empty where it did."""
#: Before a request: its mark. The line of a mark goes before that of its request into the file that takes them.
MARK = "#"

#: Seconds between two questions to the queue, and until a job that was just submitted must be in it.
QUEUE_PACE, QUEUE_PATIENCE = 5.0, 30.0
#: Seconds in which a program of the queue's must have answered.
ANSWERING = 60.0
#: States of a job that has not begun.
WAITS = ("PENDING", "CONFIGURING")
#: Why a run is gone that was ended while its job waited.
TAKEN_OUT = "its job was taken out of the SLURM queue before it began"


class Tail:
    """One file, read from where reading broke off."""

    def __init__(self, path: str, offset: int = 0, begin: bytes = b"") -> None:
        """`offset` bytes were read before; `begin` are the first of them, `BEGIN` at most."""
        self.path = path
        self.offset = offset
        self._begin = begin[:BEGIN]
        self._file = -1
        self._checked = 0.0

    def read(self) -> tuple[bool, bytes]:
        """Whether the log begins again, and what is new in it. Raises OSError where it cannot be read at all."""
        if self._file < 0 and self._open():
            return True, b""
        if time.monotonic() - self._checked > BEAT and self._looked_again():
            return True, b""
        data = os.read(self._file, MOST)
        if not data:
            return self._looked_again(), b""
        if len(self._begin) < BEGIN:
            self._begin = (self._begin + data)[:BEGIN]
        self.offset += len(data)
        return False, data

    @property
    def is_open(self) -> bool:
        """True once the file was there."""
        return self._file >= 0

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> bool:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        self._file = os.open(self.path, flags)
        try:
            if not stat.S_ISREG(os.fstat(self._file).st_mode):
                raise OSError(22, "it is not a file")
            self._checked = time.monotonic()
            return self._placed()
        except OSError:
            self.close()
            raise

    def _placed(self) -> bool:
        """Go where reading broke off; True where this is another log, which is read from its beginning."""
        again = os.fstat(self._file).st_size < self.offset or not self._is_same()
        if again:
            self.offset, self._begin = 0, b""
        os.lseek(self._file, self.offset, os.SEEK_SET)
        return again

    def _is_same(self) -> bool:
        os.lseek(self._file, 0, os.SEEK_SET)
        return os.read(self._file, len(self._begin)) == self._begin

    def _looked_again(self) -> bool:
        """Whether another log lies here now: in another file of this name, or in this one, written anew."""
        self._checked = time.monotonic()
        try:
            there, here = os.stat(self.path), os.fstat(self._file)
        except OSError:
            return False  # deleted: it may come back
        if (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino):
            if not stat.S_ISREG(there.st_mode):
                return False
            os.close(self._file)
            self._file = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        return self._placed()


class Follower:
    """A log and the run that writes it."""

    def __init__(self, path: str, offset: int = 0, begin: bytes = b"", beat: float = BEAT) -> None:
        """See `Tail`; frames come every `beat` seconds at least."""
        path = os.path.expanduser(path)
        self._tail = Tail(path, offset, begin)
        self._folder = os.path.dirname(os.path.abspath(path))
        self._beat = beat
        self._beside: dict[str, str] = {}
        self._held = False
        """True once a process of this machine was seen to write the log."""
        self._began = self._grew = time.monotonic()
        self._next = 0.0
        self._in_queue = self._left_queue = False
        self._taken_out = False
        """True once SLURM has agreed to end a job that waited."""
        self._question: Question | None = None
        self._status = ""

    def frames(self) -> Generator[tuple[bytes, bytes], None, None]:
        """Kind and contents of one frame after the other, without end but for `GONE` and `ERROR`."""
        try:
            yield from self._frames()
        finally:
            self._tail.close()
            if self._question is not None:
                self._question.give_up()

    def _frames(self) -> Iterator[tuple[bytes, bytes]]:
        told, gone, news = time.monotonic(), "", True
        yield (HEARS if self.goes_on else ALIVE), b""
        while True:
            try:
                again, data = self._tail.read()
            except OSError as error:
                again, data = False, b""
                if not self._beside:
                    yield ERROR, (error.strerror or str(error)).encode("utf-8", "replace")
                    return
            if again:
                news = True
                yield RESTART, b""
                continue
            if data:
                told, news = time.monotonic(), True
                self._grew = told
                yield DATA, data
                continue
            if news and self._tail.is_open:
                news = False
                yield ALL, b""
            if gone:
                yield GONE, gone.encode("utf-8", "replace")
                return
            time.sleep(POLL)
            now = time.monotonic()
            gone, status = self._look(now)
            if gone and gone != TAKEN_OUT:
                time.sleep(float(self._beside.get("patience", 0.5)))  # network file systems show it late
            if status != self._status:
                self._status, told = status, now
                yield STATUS, status.encode("utf-8", "replace")
            elif now - told > self._beat:
                told = now
                yield ALIVE, b""

    @property
    def goes_on(self) -> bool:
        """True while a process computes the run and hears requests, as far as anybody can tell from here."""
        self._read_beside()
        if self._beside.get("slurm"):
            return self._queued(self._beside["slurm"])[0] != ""
        return is_locked(os.path.join(self._folder, "alive") if self._beside else self._tail.path) is not False

    def ask(self, word: str, mark: str = "") -> str:
        """Pass on a request (pause, resume, cancel, kill, or another of `core.control`) to a run that was started from
        elsewhere, or that a process of this machine writes. Returns why it does not arrive, in words, empty where it
        does. One with a `mark` is passed on once, however often it is asked. Raises OSError."""
        self._read_beside()
        job = self._beside.get("slurm", "")
        state = self._queued(job)[0] if job else ""
        if not (state if job else self.goes_on):
            return "nobody computes it any more"
        if job and (word == "kill" or (word == "cancel" and not os.path.exists(self._tail.path))):
            return self._cancelled(job, state)
        path = self._tail.path
        beside = (path[: -len(".lrrun")] if path.endswith(".lrrun") else path) + ".requests"
        _append(os.path.join(self._folder, "requests") if self._beside else beside, word, mark)
        return ""

    def _cancelled(self, job: str, state: str) -> str:
        """Have a job ended; why it is not, in words, empty where it is."""
        status, _, err = _printed(["scancel", job])
        if status != 0:
            said = err.strip().rpartition("\n")[2].rstrip(".") or "scancel does not answer"
            return f"SLURM does not end job {job} ({said})"
        self._taken_out = state in WAITS
        self._next = 0.0  # the queue is asked at once
        return ""

    def _read_beside(self) -> None:
        if self._beside:
            return
        try:
            with open(os.path.join(self._folder, BESIDE), encoding="utf-8") as file:
                said = json.load(file)
            if said.get("log") == os.path.basename(self._tail.path):
                self._beside = {str(key): str(value) for key, value in said.items()}
        except (OSError, ValueError, AttributeError):
            pass  # somebody else's log: nobody knows whether it goes on

    def _look(self, now: float) -> tuple[str, str]:
        """Why the run is gone, and what it waits for; both empty where nothing is to be said."""
        if now < self._next:
            return "", self._status
        if not self._beside:
            self._next = now + BEAT
            held = is_locked(self._tail.path)
            gone = self._held and held is False
            self._held = self._held or held is True
            return (KILLED if gone else ""), (NOBODY if held is False and now - self._grew > QUIET else "")
        if self._beside.get("slurm"):
            return self._look_in_queue(self._beside["slurm"], now)
        self._next = now + BEAT
        trouble = self._trouble()
        if is_locked(os.path.join(self._folder, "alive")) is not False:
            return "", trouble
        return ("its process has ended; its log could not be written" if trouble else KILLED), ""

    def _trouble(self) -> str:
        try:
            with open(os.path.join(self._folder, TROUBLE), encoding="utf-8", errors="replace") as file:
                return file.read(TROUBLE_BYTES).strip()
        except OSError:
            return ""

    @staticmethod
    def _queued(job: str) -> tuple[str, str]:
        """How a job stands in the queue, and why; the first is empty where it has left it, "?" where nobody knows."""
        return _state(_printed(_squeue(job)))

    def _look_in_queue(self, job: str, now: float) -> tuple[str, str]:
        """As `_look`. The queue may be slow to answer: the log is read on meanwhile."""
        if self._question is None:
            sacct = ["sacct", "--noheader", "--allocations", "--jobs", job, "--format", "State%40"]
            self._question = Question(sacct if self._left_queue else _squeue(job))
        answer = self._question.answer()
        if answer is None:
            return "", self._status
        self._question = None
        if self._left_queue:
            how = answer[1].strip().partition("\n")[0].strip() if answer[0] == 0 else ""
            return f"SLURM job {job} has ended" + (f" ({how})" if how else ""), ""
        self._next = now + float(self._beside.get("pace", QUEUE_PACE))
        state, reason = _state(answer)
        if state == "?":
            return "", self._status
        if state:
            self._in_queue = True
            if state not in WAITS:
                return "", self._trouble()
            why = f" ({reason})" if reason not in ("", "None") else ""
            return "", f"Job {job} waits in the SLURM queue{why}"
        if self._taken_out and not self._tail.is_open:
            return TAKEN_OUT, ""
        if self._in_queue or now - self._began >= float(self._beside.get("queue_patience", QUEUE_PATIENCE)):
            self._left_queue, self._next = True, now
        return "", self._status


def _squeue(job: str) -> list[str]:
    return ["squeue", "--noheader", "--jobs", job, "--format", "%T|%r"]


def _state(answer: tuple[int, str, str]) -> tuple[str, str]:
    """See `Follower._queued`, of what squeue answers."""
    status, out, err = answer
    if status != 0 and "invalid job id" not in err.lower():
        return "?", ""  # the queue does not answer just now
    state, _, reason = out.strip().partition("\n")[0].partition("|")
    return state, reason


def _append(path: str, word: str, mark: str = "") -> None:
    """Add a request to a file; one whose mark is there was asked before, over a connection that broke."""
    lines = (MARK + mark + "\n" if mark else "").encode()
    with open(path, "a+b", 0) as file:
        file.seek(0)
        if not lines or lines not in file.read():
            file.write(lines + word.encode() + b"\n")


def is_locked(path: str) -> bool | None:
    """True while the process that holds the lock lives; None where nobody can tell."""
    try:
        import fcntl

        with open(path, "rb") as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (ImportError, OSError):
        return None
    return False


class Question:
    """A program that was asked something, and may take its time. What it prints is short."""

    def __init__(self, command: list[str]) -> None:
        self._until = time.monotonic() + ANSWERING
        pipe = subprocess.PIPE
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)
        except OSError:
            pass

    def answer(self) -> tuple[int, str, str] | None:
        """Exit status and what it printed; None before it has answered. The status is -1 where there is no such
        program, or it does not answer."""
        process = self._process
        if process is None:
            return -1, "", ""
        if process.poll() is None:
            if time.monotonic() < self._until:
                return None
            self.give_up()
            return -1, "", ""
        out, err = process.communicate()
        return process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")

    def give_up(self) -> None:
        """Nobody waits for the answer any more."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()


def _printed(command: list[str]) -> tuple[int, str, str]:
    """The answer to a question, waited for."""
    question = Question(command)
    while True:
        answer = question.answer()
        if answer is not None:
            return answer
        time.sleep(POLL)


def main() -> None:
    """Follow the log that the first line of standard input names; further lines are requests, each with a mark and a
    space before it; its end is the end."""
    about = json.loads(sys.stdin.buffer.readline().decode("utf-8"))
    follower = Follower(about["path"], about["offset"], about["begin"].encode("latin-1"))
    out, lock = sys.stdout.buffer, threading.Lock()

    def write(kind: bytes, contents: bytes) -> None:
        with lock:
            out.write(kind + struct.pack(">I", len(contents)) + contents)
            out.flush()

    def listen() -> None:
        for line in iter(sys.stdin.buffer.readline, b""):
            try:
                mark, _, word = line.decode("ascii").strip().partition(" ")
                write(HEARD, (mark + " " + heard(follower, word, mark)).encode("utf-8", "replace"))
            except (OSError, ValueError):
                pass  # nobody reads that
        os._exit(0)  # nobody listens any more

    frames = follower.frames()
    first = next(frames)
    threading.Thread(target=listen, daemon=True).start()
    try:
        write(*first)
        for kind, contents in frames:
            write(kind, contents)
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    os._exit(0)


def heard(follower: Follower, word: str, mark: str) -> str:
    """Pass on a request; why it does not arrive, in words, empty where it does."""
    try:
        return follower.ask(word, mark)
    except OSError as error:  # a full disk, or the run's folder is gone
        return error.strerror or str(error)


if __name__ == "__main__":
    main()
