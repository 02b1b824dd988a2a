"""Fetching one file from the net: with progress, from several mirrors, resumed after an interruption, checked."""

from __future__ import annotations

import errno
import functools
import hashlib
import http.client
import os
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from lrgui.core.control import Control
from lrgui.core.events import RunState, StateEvent

#: Seconds without an answer after which a server counts as gone.
TIMEOUT = 10.0
#: Times that one server is asked for the rest of a file after the connection broke.
ATTEMPTS = 5
BLOCK = 2**16
#: Seconds between two words of progress.
EVERY = 0.5

#: Where systems keep the certificates that they trust: Debian, Fedora, openSUSE, macOS and BSD.
_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


@dataclass(frozen=True)
class RemoteFile:
    """One file that can be downloaded."""

    file: Path
    """Where it belongs."""
    urls: tuple[str, ...]
    """Mirrors, in the order in which they are tried."""
    md5: str | None
    unpack: Path | None = None
    """The folder into which an archive is unpacked."""
    sha256: str = ""
    """The beginning of that checksum, where it is known in place of the other one."""


def is_there(wanted: RemoteFile) -> bool:
    """True where the file is there and is the right one, as far as that is known."""
    return wanted.file.is_file() and _is_right(wanted.file, wanted)


def _is_right(file: Path, wanted: RemoteFile) -> bool:
    if wanted.md5 is not None:
        # Not for security: it is the checksum that the publishers of the data sets give.
        return _digest(file, hashlib.md5(usedforsecurity=False)) == wanted.md5
    return not wanted.sha256 or _digest(file, hashlib.sha256()).startswith(wanted.sha256)


def _digest(file: Path, found: Any) -> str:
    with file.open("rb") as stream:
        while block := stream.read(2**20):
            found.update(block)
    return str(found.hexdigest())


def fetch(wanted: RemoteFile, title: str, control: Control) -> Generator[StateEvent, None, list[str]]:
    """Transfer one file from the first mirror that has it. Returns what is wrong with each, where none has."""
    wanted.file.parent.mkdir(parents=True, exist_ok=True)
    part = wanted.file.with_name(f"{wanted.file.name}.part")
    if _size(part) and (wanted.md5 or wanted.sha256) and _is_right(part, wanted):
        part.replace(wanted.file)  # an earlier run was stopped at its last byte
        return []
    reasons = []
    for url in wanted.urls:
        host, reason = urlsplit(url).netloc, ""
        for _ in range(ATTEMPTS):
            before = _size(part)
            try:
                yield from _transfer(url, part, title, control)
            except urllib.error.HTTPError as error:
                error.close()
                if error.code == 416 and before:  # there is no such rest: what lies here is another file
                    part.unlink()
                    continue
                reason = f"{host} answers {error.code} {error.reason}"
                break
            except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
                reason = f"no connection to {host} ({_why(error)})"
                if _size(part) > before:
                    continue  # some of it came: the rest may, too
                break
            except OSError as error:
                if error.errno == errno.ENOSPC:
                    part.unlink(missing_ok=True)  # its room is needed more
                raise
            if control.cancelled:
                return []
            yield StateEvent(RunState.STARTING, f"Checking {title}")
            if _is_right(part, wanted):
                part.replace(wanted.file)
                return []
            part.unlink()
            reason = f"what {host} sends has the wrong checksum"
            if not before:
                break  # else the fault may be with the older piece: once more, from the start
        reasons.append(reason)
    return reasons


def _transfer(url: str, part: Path, title: str, control: Control) -> Iterator[StateEvent]:
    """Append to `part` what is missing of it. Raises the errors of urllib, ConnectionError where it breaks off."""
    have = _size(part)
    headers = {"User-Agent": "lrgui"} | ({"Range": f"bytes={have}-"} if have else {})
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT, context=_trust()) as answer:
        resumed = have > 0 and answer.status == 206
        have = have if resumed else 0
        rest = answer.headers.get("Content-Length")
        total = have + int(rest) if rest else None
        if total is not None and total - have > shutil.disk_usage(part.parent).free:
            raise OSError(errno.ENOSPC, "No space left on device")
        with part.open("ab" if resumed else "wb") as stream:
            got = yield from _copy(answer, stream, have, total, title, control)
    if total is not None and got < total and not control.cancelled:
        raise ConnectionError("it broke off")


@functools.cache
def _trust() -> ssl.SSLContext:
    """Whose certificates are believed: the system's, also for a Python that looks for them in another place."""
    context = ssl.create_default_context()
    if ssl.get_default_verify_paths().cafile is None and not context.cert_store_stats()["x509_ca"]:
        for file in filter(os.path.isfile, _CERTIFICATES):
            context.load_verify_locations(file)
            break
    return context


def _copy(
    answer: Any, stream: BinaryIO, have: int, total: int | None, title: str, control: Control
) -> Generator[StateEvent, None, int]:
    """Write what comes, and say how far it is. Returns the bytes that are there in the end."""
    began = told = time.monotonic()
    got = have
    yield StateEvent(RunState.STARTING, f"Downloading {title}: {_amount(got, total)}")
    while not control.cancelled:
        try:
            block = answer.read1(BLOCK)
        except OSError as error:
            raise ConnectionError(_why(error)) from error
        if not block:
            break
        stream.write(block)
        got += len(block)
        now = time.monotonic()
        if now - told >= EVERY:
            told = now
            left = "" if total is None else f", {_left((total - got) * (now - began) / (got - have))}"
            yield StateEvent(RunState.STARTING, f"Downloading {title}: {_amount(got, total)}{left}")
    return got


def _amount(got: int, total: int | None) -> str:
    """ "34 % of 9.9 MB", or "3.4 MB" of a file whose size is not known."""
    return f"{got / 1e6:.1f} MB" if not total else f"{got / total:.0%} of {total / 1e6:.1f} MB".replace("%", " %")


def _left(seconds: float) -> str:
    return f"{max(1, round(seconds))} s left" if seconds < 90 else f"{round(seconds / 60)} min left"


def _why(error: BaseException) -> str:
    """What an error of the network says, in as few words as it has."""
    reason = getattr(error, "reason", None) or error
    return str(getattr(reason, "strerror", None) or reason) or type(reason).__name__


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0
