"""Where a run's log is: a path here, or `ssh://[user@]host[:port]/path` on another machine."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote, unquote

SCHEME = "ssh://"
_FORM = re.compile(
    r"ssh://(?:(?P<user>[^@/:\s]+)@)?(?P<host>\[[0-9A-Fa-f:%.]+\]|[^@/:\s]+)(?::(?P<port>\d{1,5}))?(?P<path>/.*)"
)
#: As scp names a file elsewhere; a single letter would be a drive of Windows.
_AS_SCP = re.compile(r"(?P<host>(?:[^@/:\s]+@)?[^@/:\s]{2,}):(?P<path>[^:]+)")
#: What stays as it is in an address, beside letters and digits.
_PLAIN = "/~:+=,@"
#: What ssh takes for a host, and never for an option.
_HOST = re.compile(r"[A-Za-z0-9_.:%][A-Za-z0-9_.:%-]*")


@dataclass(frozen=True)
class Host:
    """A machine that ssh reaches; without a name it is this one."""

    name: str = ""
    """As in ~/.ssh/config or the network; "" is this machine."""
    user: str = ""
    port: int = 0
    """0 is what ssh is set to."""

    @classmethod
    def parse(cls, text: str) -> Host:
        """The host of `[user@]host[:port]`, "" is this machine. Raises ValueError with a sentence."""
        if not text.strip():
            return cls()
        match = _FORM.fullmatch(f"{SCHEME}{text.strip()}/")
        if match is None:
            raise ValueError(f"“{text}” is not a host: write [user@]host[:port].")
        return _host_of(match)

    def __str__(self) -> str:
        user = f"{self.user}@" if self.user else ""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"{user}{name}" + (f":{self.port}" if self.port else "")


@dataclass(frozen=True)
class Address:
    """A log, here or elsewhere."""

    path: str
    """On another machine absolute, or from its home folder with `~/`."""
    host: Host = Host()

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address in `text`. Raises ValueError with a sentence where it is none."""
        text = text.strip()
        if not text.startswith(SCHEME):
            path = os.path.abspath(os.path.expanduser(text))
            copied = _AS_SCP.fullmatch(text)
            if copied is not None and not os.path.exists(path):
                there = copied["path"] if copied["path"].startswith(("/", "~/")) else f"~/{copied['path']}"
                meant = f"{SCHEME}{copied['host']}/{quote(there.lstrip('/'), safe=_PLAIN)}"
                raise ValueError(f"There is no file {text}. For a run on another machine, write {meant}")
            return cls(path)
        match = _FORM.fullmatch(text)
        if match is None or len(match["path"]) < 2:
            raise ValueError(f"“{text}” is not the address of a run: write ssh://[user@]host[:port]/path/to/run.lrrun.")
        path = unquote(match["path"])
        return cls(path[1:] if path.startswith("/~/") else path, _host_of(match))

    @property
    def is_here(self) -> bool:
        """True for a file of this machine."""
        return not self.host.name

    @property
    def name(self) -> str:
        """The file's name."""
        return os.path.basename(self.path) if self.is_here else PurePosixPath(self.path).name

    def __str__(self) -> str:
        if self.is_here:
            return self.path
        path = self.path if self.path.startswith("/") else f"/{self.path}"
        return f"{SCHEME}{self.host}{quote(path, safe=_PLAIN)}"


def _host_of(match: re.Match[str]) -> Host:
    name, user, port = match["host"].strip("[]"), match["user"] or "", int(match["port"] or 0)
    # A name that begins with a dash would be an option of ssh's.
    if not _HOST.fullmatch(name) or user.startswith("-") or port > 65535:
        raise ValueError(f"“{match['host']}” is not a host: write [user@]host[:port].")
    return Host(name, user, port)
