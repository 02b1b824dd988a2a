"""Downloads from a server on this very machine: what works, and what breaks in every way."""

from __future__ import annotations

import gc
import gzip
import hashlib
import io
import os
import re
import shutil
import ssl
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from torchvision import datasets

from lrgui.core.control import Control
from lrgui.core.events import StateEvent
from lrgui.core.options import filled
from lrgui.tasks.data.images import download, progress
from lrgui.tasks.data.images.download import is_missing
from lrgui.tasks.data.images.rows import SETS
from lrgui.tasks.data.images.sets import load
from lrgui.tasks.spec import TaskSpec

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning", "ignore:.*extracted tar archives")


def idx(values: np.ndarray) -> bytes:
    """`values`, of bytes, as a packed IDX file."""
    head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    return gzip.compress(head + values.tobytes())


def tiny_mnist(train: int = 30) -> dict[str, bytes]:
    made = np.random.default_rng(0)
    files = {}
    for part, count in (("train", train), ("t10k", 10)):
        files[f"{part}-images-idx3-ubyte.gz"] = idx(made.integers(0, 256, (count, 28, 28), np.uint8))
        files[f"{part}-labels-idx1-ubyte.gz"] = idx(np.arange(count, dtype=np.uint8) % 10)
    return files


class Server(ThreadingHTTPServer):
    """Serves `files` under `/good/`, and badly under other names; `asked` is what came in."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes in the middle of a file is meant."""

    def url(self, kind: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{kind}/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        _, kind, name = self.path.split("/", 2)
        self.server.asked.append(name)
        content = self.server.files.get(name)
        if kind == "missing" or content is None:
            self.send_error(404)
            return
        if kind == "wrong":
            content = b"x" * len(content)
        self.send_response(200)
        length = {"unsized": None, "odd": "many", "huge": str(10**9)}.get(kind, str(len(content)))
        if length is not None:
            self.send_header("Content-Length", length)
        self.end_headers()
        if kind == "breaking":
            content = content[: len(content) // 2]
        if kind == "slow" and self.server.asked.count(name) > 1:  # torchvision first asks where it is
            for place in range(0, len(content), 10_000):
                self.wfile.write(content[place : place + 10_000])
                time.sleep(0.01)
            return
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing is printed."""


@pytest.fixture(scope="module", autouse=True)
def answers_are_closed() -> Iterator[None]:
    """torchvision leaves answers open that say 404: they are closed while the warnings about that are ignored."""
    yield
    gc.collect()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that has a tiny MNIST, which torchvision's class says to be the real one."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as serving:
        offer(serving, monkeypatch, tiny_mnist())
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


def offer(server: Server, monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes]) -> None:
    server.files = files
    sums = [(name, hashlib.md5(content).hexdigest()) for name, content in files.items()]
    monkeypatch.setattr(datasets.MNIST, "resources", sums)


def mirrors(monkeypatch: pytest.MonkeyPatch, server: Server, *kinds: str) -> None:
    monkeypatch.setattr(datasets.MNIST, "mirrors", [server.url(kind) for kind in kinds])


def prepared(folder: Path, control: Control | None = None, **options: bool) -> list[StateEvent]:
    spec = TaskSpec(source="mnist", path=str(folder), options=dict(options))
    return list(download.prepare(spec, control or Control()))


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.rglob("*") if file.is_file())


def test_what_is_missing_is_downloaded_once(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrors(monkeypatch, server, "good")
    events = prepared(tmp_path / "né w")
    assert {event.state for event in events} == {"starting"}
    first = next(iter(server.files.values()))
    assert events[0].detail == f"Downloading MNIST: 0 % of {len(first) / 1e3:.0f} kB"
    assert events[-1].detail == "Checking MNIST"
    assert names(tmp_path) == sorted(name.removesuffix(".gz") for name in server.files)
    data = load(TaskSpec(source="mnist", path=str(tmp_path / "né w")))
    assert data.detail == "30 training and 10 validation images 28×28 · 10 classes"
    assert data.notes == ()
    before = len(server.asked)
    assert prepared(tmp_path / "né w") == []
    assert len(server.asked) == before


@pytest.mark.parametrize("bad", ["missing", "wrong", "breaking", "huge"])
@pytest.mark.parametrize("good", ["good", "unsized", "odd"])
def test_the_second_mirror_has_it(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: str, good: str
) -> None:
    mirrors(monkeypatch, server, bad, good)
    prepared(tmp_path)
    assert len(names(tmp_path)) == 4


def test_the_progress_is_told(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(server, monkeypatch, tiny_mnist(300))
    mirrors(monkeypatch, server, "slow")
    monkeypatch.setattr(progress, "EVERY", 0.02)
    told = [event.detail for event in prepared(tmp_path)]
    assert any(re.fullmatch(r"Downloading MNIST: [1-9]\d? % of \d{3} kB, 1 s left", detail) for detail in told)


def test_a_cancelled_download_leaves_nothing(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(server, monkeypatch, tiny_mnist(300))
    mirrors(monkeypatch, server, "slow")
    monkeypatch.setattr(progress, "EVERY", 0.02)
    control = Control()
    for event in download.prepare(TaskSpec(source="mnist", path=str(tmp_path)), control):
        if "s left" in event.detail:
            control.cancel()
    assert control.cancelled
    assert names(tmp_path) == []
    mirrors(monkeypatch, server, "good")
    prepared(tmp_path)
    assert len(names(tmp_path)) == 4


def test_a_download_that_nobody_waits_for_ends(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrors(monkeypatch, server, "slow")
    events = download.prepare(TaskSpec(source="mnist", path=str(tmp_path)), Control())
    next(iter(events))
    events.close()  # type: ignore[attr-defined]
    assert not any(thread.name == "download" for thread in threading.enumerate())
    assert names(tmp_path) == []


def test_what_a_killed_run_left_is_no_data(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half = tmp_path / ".MNIST.downloading" / "MNIST" / "raw"
    half.mkdir(parents=True)
    for name in server.files:
        (half / name.removesuffix(".gz")).write_bytes(b"half")
    mirrors(monkeypatch, server, "good")
    prepared(tmp_path)
    assert len(names(tmp_path)) == 4
    assert load(TaskSpec(source="mnist", path=str(tmp_path))).classes == 10


def test_a_wrong_checksum_leaves_nothing(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrors(monkeypatch, server, "wrong", "missing")
    with pytest.raises(ValueError) as raised:
        prepared(tmp_path)
    host = f"127.0.0.1:{server.server_port}"
    assert str(raised.value) == (
        f"MNIST could not be downloaded: {host}: what came has the wrong checksum; {host}: 404: Not Found. "
        f"Try again later, or put its files into {tmp_path} yourself, as torchvision keeps them."
    )
    assert names(tmp_path) == []


def test_no_connection_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(datasets.MNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(ValueError, match=r"127\.0\.0\.1:9: no connection \(Connection refused\)\. Try again later"):
        prepared(tmp_path)


def test_a_server_that_says_nothing_counts_as_gone(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = threading.Event()
    monkeypatch.setattr(Handler, "do_GET", lambda self: silent.wait(5) and None)
    monkeypatch.setattr(progress, "TIMEOUT", 0.2)
    mirrors(monkeypatch, server, "good")
    with pytest.raises(ValueError, match=r"MNIST could not be downloaded: .*no connection .*timed out"):
        prepared(tmp_path)
    silent.set()


@pytest.mark.parametrize("kind", ["missing", "wrong"])
def test_a_data_set_with_one_address(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    server.files = {"cifar-10-python.tar.gz": b"archive"}
    monkeypatch.setattr(datasets.CIFAR10, "url", server.url(kind) + "cifar-10-python.tar.gz")
    said = {"missing": "404: Not Found", "wrong": "what came has the wrong checksum"}[kind]
    with pytest.raises(ValueError, match=rf"^CIFAR-10 could not be downloaded: {said}\. Try again later, or put"):
        list(download.prepare(TaskSpec(source="cifar10", path=str(tmp_path)), Control()))
    assert names(tmp_path) == []


def test_downloads_can_be_off(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrors(monkeypatch, server, "good")
    with pytest.raises(ValueError, match=r"MNIST is missing: switch Download on, or put its files into .* yourself"):
        prepared(tmp_path, download=False)
    assert server.asked == []


def test_a_module_that_is_missing_is_told_before_the_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *package: None if name == "scipy" else name)
    with pytest.raises(ValueError, match=r"SVHN needs scipy: install with “.* -m pip install scipy”"):
        list(download.prepare(TaskSpec(source="svhn", path=str(tmp_path)), Control()))


def test_a_full_disk_and_a_folder_that_is_none(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrors(monkeypatch, server, "good")
    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    with monkeypatch.context() as changed:
        changed.setattr(progress.shutil, "disk_usage", lambda place: usage)
        with pytest.raises(ValueError, match="The disk is full: free some space"):
            prepared(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"cannot be written .* Choose another folder"):
        prepared(tmp_path / "file" / "below")


def test_an_archive_is_unpacked_and_goes(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "made.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name, content in tiny_mnist().items():
            part, rest = name.split("-", 1)
            for split in datasets.EMNIST.splits:
                packed.writestr(f"gzip/emnist-{split}-{'train' if part == 'train' else 'test'}-{rest}", content)
    server.files = {"gzip.zip": archive.read_bytes()}
    monkeypatch.setattr(datasets.EMNIST, "url", server.url("good") + "gzip.zip")
    monkeypatch.setattr(datasets.EMNIST, "md5", hashlib.md5(archive.read_bytes()).hexdigest())
    spec = TaskSpec(source="emnist", path=str(tmp_path), options={"split": "digits"})
    told = [event.detail for event in download.prepare(spec, Control())]
    assert told[-1] == "Checking EMNIST"
    assert not (tmp_path / "EMNIST" / "raw" / "gzip.zip").exists()
    assert load(spec).detail == "30 training and 10 validation images 28×28 · 10 classes"
    assert list(download.prepare(spec, Control())) == []


def test_an_archive_that_was_put_there_is_used_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "cifar-10-python.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        info = tarfile.TarInfo("cifar-10-batches-py/batches.meta")
        info.size = 4
        packed.addfile(info, io.BytesIO(b"meta"))
    monkeypatch.setattr(datasets.CIFAR10, "url", "http://127.0.0.1:9/cifar-10-python.tar.gz")
    monkeypatch.setattr(datasets.CIFAR10, "tgz_md5", hashlib.md5(archive.read_bytes()).hexdigest())
    assert list(download.prepare(TaskSpec(source="cifar10", path=str(tmp_path)), Control())) == []
    assert names(tmp_path) == ["batches.meta", "cifar-10-python.tar.gz"]


@pytest.mark.skipif(not Path("/etc/ssl/certs/ca-certificates.crt").is_file(), reason="certificates lie elsewhere")
def test_certificates_are_found_where_the_python_does_not_look(monkeypatch: pytest.MonkeyPatch) -> None:
    class Paths(NamedTuple):
        cafile: None = None

    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", "/nowhere")
    monkeypatch.setattr("ssl.get_default_verify_paths", Paths)
    monkeypatch.setattr("ssl.create_default_context", lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    progress.trust_system()
    assert os.environ["SSL_CERT_FILE"] == "/etc/ssl/certs/ca-certificates.crt"
    monkeypatch.delenv("SSL_CERT_FILE")


@pytest.mark.parametrize("key", SETS)
def test_torchvision_says_what_is_missing(key: str, tmp_path: Path) -> None:
    image_set = SETS[key]
    for module in image_set.needs:
        pytest.importorskip(module)
    assert is_missing(image_set, filled(image_set.row.options, {}), tmp_path)
    assert names(tmp_path) == []
