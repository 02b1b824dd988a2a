"""A Python program on another machine, reached by the system's own ssh: no port is opened, no password is kept."""

from __future__ import annotations

import re
import shlex
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator

from lrgui import frozen
from lrgui.runs.pipes import open_pipes
from lrgui.runs.python_command import FLAGS
from lrgui.runs.remote.address import Host

#: Asks nothing, gives up a connection that is dead.
OPTIONS = {"BatchMode": "yes", "ConnectTimeout": "10", "ServerAliveInterval": "5", "ServerAliveCountMax": "3"}
#: The Python of a machine of which nothing else is known.
PYTHON = "python3"
#: The program comes in by standard input; a login shell of any kind takes this line as it is. What precedes the mark
#: was printed by a login that greets, and is dropped; the mark is in two halves here, so that no echo has it.
_RECEIVE = "import sys;print('lrgui '+'begins',flush=True);exec(sys.stdin.buffer.read(int(sys.argv[1])))"
_MARK = re.compile(rb"lrgui begins\r?\n")
#: Seconds without a word after which a connection is given up: the other side says something each second. And until
#: the first word: from a cold disk in a network Python may take its time.
SILENCE, FIRST_SILENCE = 20.0, 90.0
Waiting = Callable[[], object]
"""Called again and again while an answer is waited for; what it raises ends the waiting."""


def patient() -> None:
    """Waits as long as it takes."""


#: Bytes of ssh's own words that are kept.
_MOST_SAID = 1 << 14


def program_text(name: str) -> str:
    """The text of a file beside this one, which is sent to where it is to run; also in a bundle."""
    return (frozen.sources_folder() / "lrgui" / "runs" / "remote" / name).read_text(encoding="utf-8")


class RemoteError(Exception):
    """No connection; the text is a sentence with the way out."""

    def __init__(self, sentence: str, may_pass: bool = False) -> None:
        """`may_pass` is true for troubles of the network, which may be over in a moment."""
        super().__init__(sentence)
        self.may_pass = may_pass


class Connection:
    """A program that runs on a machine, with its standard input and output. One thread reads, any may write."""

    def __init__(self, host: Host, program: str, python: str = "", words: tuple[str, ...] = ()) -> None:
        """Start the text `program` in `python` there, with `words` as its arguments behind the first.

        Raises RemoteError where nothing can be started here; what is wrong there is told by `read`.
        """
        self._host = host
        self._python = python or (PYTHON if host.name else sys.executable)
        text = program.encode()
        command = command_on(host, [self._python, "-c", _RECEIVE, str(len(text)), *words])
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                creationflags=FLAGS,
                env=frozen.environment_of(command[0]),
                cwd=frozen.folder_for_children(),
            )
        except OSError as error:
            if host.name:
                raise RemoteError(
                    f"The program ssh could not be started ({error.strerror or error}): install OpenSSH's client."
                ) from None
            raise RemoteError(f"{self._python} cannot be started ({error.strerror or error}).") from None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._pipes = open_pipes(self._process.stdout, self._process.stderr)
        self._buffer = bytearray()
        self._said = bytearray()
        self._greeting: bytes | None = b""
        """What was printed there before the mark; None once that has come."""
        self.write(text)

    def write(self, data: bytes) -> None:
        """Send `data`; what a connection that is gone no longer takes is let go: `read` tells of it."""
        stdin = self._process.stdin
        try:
            rest = memoryview(data)
            while stdin is not None and rest:
                rest = rest[stdin.write(rest) or 0 :]
        except (OSError, ValueError):
            pass

    def read(self, wait: float) -> bytes:
        """What came, after `wait` seconds at most. Raises RemoteError where the connection has ended."""
        ended = self._pipes.ended or self._process.poll() is not None
        data, said = self._pipes.read(self._pipes.quiet if ended else wait)
        self._said = (self._said + said)[-_MOST_SAID:]
        if ended and not data and not said:
            status, words = self._process.wait(), self._said.decode("utf-8", "replace")
            if self._greeting is not None and not words.strip():
                words = self._greeting.decode("utf-8", "replace")
            raise explain(self._host, status, words, self._python, began=self._greeting is None)
        return self._without_greeting(data)

    def _without_greeting(self, data: bytes) -> bytes:
        """What the program itself said."""
        if self._greeting is None:
            return data
        self._greeting += data
        found = _MARK.search(self._greeting)
        if found is not None:
            data, self._greeting = self._greeting[found.end() :], None
            return data
        self._greeting = self._greeting[-_MOST_SAID:]
        return b""

    def frames(self, wait: float) -> Iterator[tuple[bytes, bytes]]:
        """The frames of `tail` that have come, after `wait` seconds at most. Raises as `read`."""
        self._buffer += self.read(wait)
        while len(self._buffer) >= 5:
            (size,) = struct.unpack_from(">I", self._buffer, 1)
            if len(self._buffer) < 5 + size:
                return
            kind, contents = bytes(self._buffer[:1]), bytes(self._buffer[5 : 5 + size])
            del self._buffer[: 5 + size]
            yield kind, contents

    def line(self, seconds: float, waiting: Waiting = patient) -> bytes:
        """The next line. Raises RemoteError where none comes within so many seconds."""
        waited = 0.0
        while b"\n" not in self._buffer:
            waiting()
            data = self.read(0.2)
            self._buffer += data
            waited += 0.0 if data else 0.2
            if waited > seconds:
                raise RemoteError(f"{self._where} does not answer.", may_pass=True)
        line, _, rest = self._buffer.partition(b"\n")
        self._buffer = rest
        return bytes(line)

    def received(self, size: int, seconds: float, waiting: Waiting = patient) -> Iterator[bytes]:
        """The next `size` bytes, in pieces. Raises RemoteError where none comes within so many seconds."""
        waited = 0.0
        while size > 0:
            waiting()
            data, self._buffer = bytes(self._buffer), bytearray()
            data = data or self.read(0.2)
            waited = 0.0 if data else waited + 0.2
            if waited > seconds:
                raise RemoteError(f"{self._where} does not answer.", may_pass=True)
            self._buffer += data[size:]
            data = data[:size]
            size -= len(data)
            yield data

    @property
    def _where(self) -> str:
        return str(self._host) or self._python

    def close(self) -> None:
        """End the connection. Idempotent."""
        if self._process.stdin is not None:
            try:
                self._process.stdin.close()
            except OSError:
                pass
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(1)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._pipes.close()


def command_on(host: Host, command: list[str]) -> list[str]:
    """The command that does `command` on `host`."""
    if not host.name:
        return command
    options = [word for key, value in OPTIONS.items() for word in ("-o", f"{key}={value}")]
    port = ["-p", str(host.port)] if host.port else []
    user = ["-l", host.user] if host.user else []
    return ["ssh", "-T", *options, *port, *user, "--", host.name, " ".join(map(_quoted, command))]


def _quoted(word: str) -> str:
    """As a shell takes it; the home folder there is the shell's to find."""
    return f"~/{shlex.quote(word[2:])}" if word.startswith("~/") else shlex.quote(word)


_TROUBLES = (
    (r"host key verification failed|host identification has changed|no .*host key is known",
     "{host}'s host key is not known on this computer, or has changed. Connect once in a terminal: {ssh}", False),
    (r"permission denied|too many authentication failures|no supported authentication",
     "{host} refuses the login: it accepts no key of yours, and passwords are not asked for. "
     "Set up a key (ssh-copy-id {host}) or load it (ssh-add), and try {ssh}", False),
    (r"could not resolve|name or service not known|nodename nor servname",
     "There is no host {host} on the network. Check its name, with {ssh}", True),
    (r"connection refused|no route to host|network is (unreachable|down)|timed? ?out|host is down",
     "{host} cannot be reached ({said}). Check the host, its port and the network, with {ssh}", True),
    (r"bad configuration option|bad owner or permissions|terminating, \d+ bad",
     "ssh cannot use its settings ({said}). Correct them (~/.ssh/config), and try {ssh}", False),
)  # fmt: skip


def explain(host: Host, status: int, said: str, python: str, *, began: bool = True) -> RemoteError:
    """What ended a connection whose process left with `status` and `said` that last; `began` where our program did."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = lines[-1].rstrip(".") if lines else ""
    name = host.name
    if status == 255 or (status < 0 and host.name):
        ssh = f"“ssh {f'-p {host.port} ' if host.port else ''}{f'{host.user}@' if host.user else ''}{name}”."
        for pattern, sentence, may_pass in _TROUBLES:
            if re.search(pattern, said, re.IGNORECASE):
                short = last.rpartition(": ")[2]
                return RemoteError(sentence.format(host=name, ssh=ssh, said=short), may_pass)
        why = f" ({last})" if last else ""
        return RemoteError(f"The connection to {name} ended{why}.", may_pass=True)
    where = name or "this computer"
    if status == 126:
        return RemoteError(
            f"{python} on {where} cannot be started: it is not a program. Name the Python interpreter there."
        )
    itself = re.escape(python.rpartition("/")[2])  # some shells have another status for it
    if status == 127 or re.search(rf"{itself}\W*(command )?(not found|no such file)", last, re.IGNORECASE):
        return RemoteError(f"There is no {python} on {where}: name the Python interpreter to use there.")
    why = f": {last}" if last else ""
    if not began:
        return RemoteError(
            f"{python} on {where} did not run LR Finder's program (exit status {status}){why}. Check that it is a "
            "Python interpreter, and that a login there runs commands."
        )
    return RemoteError(f"LR Finder's program on {where} ended (exit status {status}){why}.")
