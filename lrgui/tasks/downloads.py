"""Downloads the files of a data set: with progress, from several mirrors, resumed after an interruption, checked."""

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
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from lrgui.core.control import Control
from lrgui.core.events import StateEvent
from lrgui.core.options import filled
from lrgui.tasks.image_rows import SETS
from lrgui.tasks.remote_files import RemoteFile, missing_files
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.unpacking import unpack

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


def prepare(spec: TaskSpec, control: Control) -> Iterator[StateEvent]:
    """Download what is missing of the data set that `spec` names; nothing happens where all is there.

    Ends early where `control` was cancelled; what was downloaded stays in `.part` files and is taken up again.
    Raises ValueError, with a sentence, where the files cannot be had.
    """
    image_set = SETS[spec.source]
    options = filled(image_set.row.options, spec.options)
    folder = folder_of(spec)
    try:
        missing = missing_files(image_set, options, folder)
        if missing and not options["download"]:
            raise ValueError(not_there(image_set.label, missing))
        for number, wanted in enumerate(missing):
            title = image_set.label if len(missing) == 1 else f"{image_set.label} ({number + 1} of {len(missing)})"
            ours = not _is_there(wanted)
            if ours:
                reasons = yield from _fetch(wanted, title, control)
                if reasons:
                    raise ValueError(
                        f"{image_set.label} could not be downloaded: {'; '.join(reasons)}. "
                        f"Try again later, or {_by_hand(missing[number:])}."
                    )
            if wanted.unpack is not None and not control.cancelled:
                yield from unpack(wanted.file, wanted.unpack, title, control)
                if ours and not control.cancelled:
                    wanted.file.unlink()  # all of it lies beside it now
            if control.cancelled:
                return
    except OSError as error:
        raise ValueError(_no_writing(error, folder)) from error


def folder_of(spec: TaskSpec) -> Path:
    """The folder that data sets lie in."""
    row = SETS[spec.source].row.path
    assert row is not None
    return Path(spec.path or row.default).expanduser()


def not_there(label: str, missing: Sequence[RemoteFile]) -> str:
    """The sentence for a data set that is not there and may not be downloaded."""
    return f"{label} is not there: switch Download on, or {_by_hand(missing)}."


def _by_hand(missing: Sequence[RemoteFile]) -> str:
    return f"put {', '.join(wanted.file.name for wanted in missing)} into {missing[0].file.parent} yourself"


def _is_there(wanted: RemoteFile) -> bool:
    return wanted.file.is_file() and (wanted.md5 is None or _md5(wanted.file) == wanted.md5)


def _md5(file: Path) -> str:
    # Not for security: it is the checksum that the publishers of the data sets give.
    found = hashlib.md5(usedforsecurity=False)
    with file.open("rb") as stream:
        while block := stream.read(2**20):
            found.update(block)
    return found.hexdigest()


def _fetch(wanted: RemoteFile, title: str, control: Control) -> Generator[StateEvent, None, list[str]]:
    """Transfer one file from the first mirror that has it. Returns what is wrong with each, where none has."""
    wanted.file.parent.mkdir(parents=True, exist_ok=True)
    part = wanted.file.with_name(f"{wanted.file.name}.part")
    if _size(part) and wanted.md5 is not None and _md5(part) == wanted.md5:
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
            yield StateEvent("starting", f"Checking {title}")
            if wanted.md5 is None or _md5(part) == wanted.md5:
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
    yield StateEvent("starting", f"Downloading {title}: {_amount(got, total)}")
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
            yield StateEvent("starting", f"Downloading {title}: {_amount(got, total)}{left}")
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


def _no_writing(error: OSError, folder: Path) -> str:
    if error.errno == errno.ENOSPC:
        return f"The disk is full: make room beside {folder}, or choose another folder."
    place = error.filename or folder
    return f"{place} cannot be written ({error.strerror or error}). Choose another folder."


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0
