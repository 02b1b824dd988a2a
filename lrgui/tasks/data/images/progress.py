"""Downloads of torch and torchvision, with their progress as events and an end where they are cancelled.

Both show a bar of tqdm while they transfer. For the time of a download another one stands in its place.
"""

from __future__ import annotations

import errno
import os
import queue
import re
import shutil
import socket
import ssl
import threading
import time
import urllib.error
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

from lrgui.core.control import Control
from lrgui.core.events import RunState, StateEvent
from lrgui.core.formats import format_bytes, format_estimate, format_percent

#: Seconds without an answer after which a server counts as gone.
TIMEOUT = 10.0
#: Seconds between two words of progress.
EVERY = 0.5
#: Seconds that a cancelled download has to put its pieces away; the end of the process ends it anyway.
GRACE = 2.0

#: Where systems keep the certificates that they trust: Debian, Fedora, openSUSE, macOS and BSD.
CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


class _CancelledError(Exception):
    """Raised in the midst of a download."""


def with_progress(
    download: Callable[[], object], module: ModuleType, title: str, place: Path, control: Control
) -> Iterator[StateEvent]:
    """Run `download`, which uses the `tqdm` of `module` and writes into the folder `place`.

    Ends early where `control` was cancelled. Raises what `download` raises.
    """
    said: queue.Queue[str | None] = queue.Queue()
    failed: list[BaseException] = []
    left = threading.Event()

    def ended() -> bool:
        return left.is_set() or control.cancelled

    def work() -> None:
        usual, patience = module.tqdm, socket.getdefaulttimeout()
        module.tqdm = lambda *_, total=None, **__: _Bar(total, title, place, said.put, ended)  # type: ignore[attr-defined]
        socket.setdefaulttimeout(TIMEOUT)
        try:
            trust_system()
            download()
        except _CancelledError:
            pass
        except BaseException as error:
            failed.append(error)
        finally:
            module.tqdm = usual  # type: ignore[attr-defined]
            socket.setdefaulttimeout(patience)
            said.put(None)

    thread = threading.Thread(target=work, name="download", daemon=True)
    thread.start()
    try:
        while not control.cancelled:
            try:
                detail = said.get(timeout=0.1)
            except queue.Empty:
                continue
            if detail is None:
                break
            yield StateEvent(RunState.STARTING, detail)
    finally:  # also where nobody listens any longer
        left.set()
        thread.join(GRACE)
    if failed and not control.cancelled:
        raise failed[0]


class _Bar:
    """Stands in for tqdm's: a file of `total` bytes (None: nobody knows) comes in."""

    def __init__(
        self, total: int | None, title: str, place: Path, say: Callable[[str], object], ended: Callable[[], bool]
    ) -> None:
        if total is not None and total > shutil.disk_usage(place).free:
            raise OSError(errno.ENOSPC, "No space left on device")
        self._total, self._title, self._say, self._ended = total, title, say, ended
        self._began = self._told = time.monotonic()
        self._got = 0
        self._tell()

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._say(f"Checking {self._title}")

    def update(self, count: int) -> None:
        """So many more bytes are there."""
        if self._ended():
            raise _CancelledError
        self._got += count
        if time.monotonic() - self._told >= EVERY:
            self._told = time.monotonic()
            self._tell()

    def _tell(self) -> None:
        got, total = self._got, self._total
        if not total:
            self._say(f"Downloading {self._title}: {format_bytes(got)}")
            return
        left = f", {format_estimate((total - got) * (self._told - self._began) / got)} left" if got else ""
        self._say(f"Downloading {self._title}: {format_percent(got / total)} of {format_bytes(total)}{left}")

    def close(self) -> None:
        """As tqdm has it."""


def trust_system() -> None:
    """Let a Python that looks for certificates in another place than this system keeps them believe the system's."""
    paths = ssl.get_default_verify_paths()
    if "SSL_CERT_FILE" in os.environ or paths.cafile is not None:
        return
    if not ssl.create_default_context().cert_store_stats()["x509_ca"]:
        for file in filter(os.path.isfile, CERTIFICATES):
            os.environ["SSL_CERT_FILE"] = file
            break


def why(error: BaseException) -> str:
    """What went wrong in a download, in few words: of each mirror, where torchvision tried several."""
    tried = re.findall(r"Tried (\S+), got:\n(.*)", str(error))
    if tried:
        return "; ".join(f"{urlsplit(mirror).netloc}: {_plain(said)}" for mirror, said in tried)
    said = _plain(str(error)) or type(error).__name__
    return f"no connection ({said})" if isinstance(error, TimeoutError | ConnectionError) else said


def _plain(said: str) -> str:
    said = (said.strip().splitlines() or [""])[0].rstrip(".")
    lost = re.fullmatch(r"<urlopen error (?:\[Errno -?\d+\] )?(.*)>", said)
    if lost is not None:
        return f"no connection ({lost[1]})"
    if "corrupted" in said or "invalid hash" in said:
        return "what came has the wrong checksum"
    return said.removeprefix("HTTP Error ")


def no_writing(error: OSError, folder: Path) -> str:
    """The sentence for a folder that cannot be written."""
    if error.errno == errno.ENOSPC:
        return f"The disk is full: free some space in {folder}, or choose another folder."
    place = error.filename or folder
    return f"{place} cannot be written ({error.strerror or error}). Choose another folder."


def is_of_disk(error: OSError) -> bool:
    """True where the disk is at fault, not the network."""
    if isinstance(error, urllib.error.URLError):  # which keeps its address under the name of a file's
        return False
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS) or error.filename is not None
