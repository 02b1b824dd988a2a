"""Downloads from a server on this very machine: what works, and what breaks in every way."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import shutil
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from torchvision import datasets

from lrgui.core.control import Control
from lrgui.core.events import StateEvent
from lrgui.core.options import filled
from lrgui.tasks.images import downloads, fetching
from lrgui.tasks.images.remote_files import missing_files
from lrgui.tasks.images.rows import SETS
from lrgui.tasks.images.sets import load
from lrgui.tasks.spec import TaskSpec


def idx(values: np.ndarray) -> bytes:
    """`values`, of bytes, as a packed IDX file."""
    head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    return gzip.compress(head + values.tobytes())


def tiny_mnist() -> dict[str, bytes]:
    made = np.random.default_rng(0)
    files = {}
    for part, count in (("train", 30), ("t10k", 10)):
        files[f"{part}-images-idx3-ubyte.gz"] = idx(made.integers(0, 256, (count, 28, 28), np.uint8))
        files[f"{part}-labels-idx1-ubyte.gz"] = idx(np.arange(count, dtype=np.uint8) % 10)
    return files


class Server(ThreadingHTTPServer):
    """Serves `files` under `/good/`, and badly under other names; `asked` is what came in."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str | None]] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes in the middle of a file is meant."""

    def url(self, kind: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{kind}/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        _, kind, name = self.path.split("/", 2)
        asked = self.headers.get("Range")
        self.server.asked.append((self.path, asked))
        content = self.server.files.get(name)
        if kind == "missing" or content is None:
            self.send_error(404)
            return
        if kind == "wrong":
            content = b"x" * len(content)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and kind != "restarting" else 0
        if start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if kind != "unsized":
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if kind == "breaking" and not asked:
            content = content[: len(content) // 2]
        if kind == "slow":
            for place in range(start, len(content), 1000):
                self.wfile.write(content[place : place + 1000])
                time.sleep(0.01)
            return
        self.wfile.write(content[start:])

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that has a tiny MNIST, which torchvision's class says to be the real one."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as serving:
        serving.files = tiny_mnist()
        sums = [(name, hashlib.md5(content).hexdigest()) for name, content in serving.files.items()]
        monkeypatch.setattr(datasets.MNIST, "resources", sums)
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


def mirrors(monkeypatch: pytest.MonkeyPatch, server: Server, *kinds: str) -> None:
    monkeypatch.setattr(datasets.MNIST, "mirrors", [server.url(kind) for kind in kinds])


def prepared(folder: Path, control: Control | None = None, **options: bool) -> list[StateEvent]:
    spec = TaskSpec(source="mnist", path=str(folder), options=dict(options))
    return list(downloads.prepare(spec, control or Control()))


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.rglob("*") if file.is_file())


def test_what_is_missing_is_downloaded_once(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrors(monkeypatch, server, "good")
    events = prepared(tmp_path / "né w")
    assert {event.state for event in events} == {"starting"}
    assert (
        events[0].detail == f"Downloading MNIST (1 of 4): 0 % of {len(next(iter(server.files.values()))) / 1e6:.1f} MB"
    )
    assert names(tmp_path) == sorted(server.files)
    data = load(TaskSpec(source="mnist", path=str(tmp_path / "né w")))
    assert data.detail == "30 training and 10 validation images 28×28 · 10 classes"
    assert data.notes == ()
    before = len(server.asked)
    assert prepared(tmp_path / "né w") == []
    assert len(server.asked) == before


def test_the_second_mirror_has_it(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrors(monkeypatch, server, "missing", "wrong", "unsized")
    prepared(tmp_path)
    assert names(tmp_path) == sorted(server.files)


def test_a_broken_connection_is_taken_up_where_it_broke(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrors(monkeypatch, server, "breaking")
    prepared(tmp_path)
    assert names(tmp_path) == sorted(server.files)
    first = next(iter(server.files.values()))
    assert [asked for _, asked in server.asked[:2]] == [None, f"bytes={len(first) // 2}-"]


@pytest.mark.parametrize("kind", ["good", "restarting"])
@pytest.mark.parametrize("older", [b"something else", b"x" * 10**6])
def test_an_older_piece_that_does_not_fit_is_thrown_away(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, older: bytes
) -> None:
    mirrors(monkeypatch, server, kind)
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / "train-images-idx3-ubyte.gz.part").write_bytes(older)
    prepared(tmp_path)
    assert names(tmp_path) == sorted(server.files)


def test_a_cancelled_download_leaves_a_piece_and_goes_on_later(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrors(monkeypatch, server, "slow")
    monkeypatch.setattr(fetching, "EVERY", 0.02)
    control = Control()
    told = []
    for event in downloads.prepare(TaskSpec(source="mnist", path=str(tmp_path)), control):
        told.append(event.detail)
        if "s left" in event.detail:
            control.cancel()
    assert "% of" in told[-1]
    assert names(tmp_path) == ["train-images-idx3-ubyte.gz.part"]
    have = (tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte.gz.part").stat().st_size
    server.asked.clear()
    mirrors(monkeypatch, server, "good")
    prepared(tmp_path)
    assert server.asked[0][1] == f"bytes={have}-"
    assert names(tmp_path) == sorted(server.files)


def test_a_wrong_checksum_leaves_nothing(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrors(monkeypatch, server, "wrong", "missing")
    with pytest.raises(ValueError) as raised:
        prepared(tmp_path)
    host = f"127.0.0.1:{server.server_port}"
    assert str(raised.value) == (
        f"MNIST could not be downloaded: what {host} sends has the wrong checksum; "
        f"{host} answers 404 Not Found. Try again later, or put {', '.join(server.files)} into "
        f"{tmp_path / 'MNIST' / 'raw'} yourself."
    )
    assert names(tmp_path) == []


def test_no_connection_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(datasets.MNIST, "mirrors", ["http://127.0.0.1:9/"])
    began = time.monotonic()
    with pytest.raises(ValueError, match=r"no connection to 127\.0\.0\.1:9 \(Connection refused\)\. Try again later"):
        prepared(tmp_path)
    assert time.monotonic() - began < 5


def test_a_server_that_says_nothing_counts_as_gone(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = threading.Event()
    monkeypatch.setattr(Handler, "do_GET", lambda self: silent.wait(5) and None)
    monkeypatch.setattr(fetching, "TIMEOUT", 0.2)
    mirrors(monkeypatch, server, "good")
    with pytest.raises(ValueError, match=r"no connection to .*timed out"):
        prepared(tmp_path)
    silent.set()


def test_downloads_can_be_off(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrors(monkeypatch, server, "good")
    with pytest.raises(ValueError, match=r"MNIST is not there: switch Download on, or put train-images.* yourself"):
        prepared(tmp_path, download=False)
    assert server.asked == []


def test_a_module_that_is_missing_is_told_before_the_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *package: None if name == "scipy" else name)
    with pytest.raises(ValueError, match=r"SVHN needs scipy: install with “.* -m pip install scipy”"):
        list(downloads.prepare(TaskSpec(source="svhn", path=str(tmp_path)), Control()))


def test_a_full_disk_and_a_folder_that_is_none(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrors(monkeypatch, server, "good")
    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    with monkeypatch.context() as changed:
        changed.setattr(fetching.shutil, "disk_usage", lambda place: usage)
        with pytest.raises(ValueError, match="The disk is full: make room"):
            prepared(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"cannot be written .* Choose another folder"):
        prepared(tmp_path / "file" / "below")


def test_a_disk_that_fills_up_keeps_no_piece(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrors(monkeypatch, server, "good")

    def full(*arguments: object) -> Iterator[StateEvent]:
        arguments[1].write(b"some")  # type: ignore[attr-defined]
        raise OSError(errno.ENOSPC, "No space left on device")
        yield StateEvent("starting")

    monkeypatch.setattr(fetching, "_copy", full)
    with pytest.raises(ValueError, match="The disk is full"):
        prepared(tmp_path)
    assert names(tmp_path) == []


def test_an_archive_is_unpacked_and_goes(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "made.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name, content in tiny_mnist().items():
            part, rest = name.split("-", 1)
            packed.writestr(f"gzip/emnist-digits-{'train' if part == 'train' else 'test'}-{rest}", content)
    server.files = {"gzip.zip": archive.read_bytes()}
    monkeypatch.setattr(datasets.EMNIST, "url", server.url("good") + "gzip.zip")
    monkeypatch.setattr(datasets.EMNIST, "md5", hashlib.md5(archive.read_bytes()).hexdigest())
    spec = TaskSpec(source="emnist", path=str(tmp_path), options={"split": "digits"})
    told = [event.detail for event in downloads.prepare(spec, Control())]
    assert told[-1].startswith("Unpacking EMNIST: ")
    assert not (tmp_path / "EMNIST" / "raw" / "gzip.zip").exists()
    assert load(spec).detail == "30 training and 10 validation images 28×28 · 10 classes"
    assert list(downloads.prepare(spec, Control())) == []


def test_an_archive_that_was_put_there_is_used_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "cifar-10-python.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        info = tarfile.TarInfo("cifar-10-batches-py/batches.meta")
        info.size = 4
        packed.addfile(info, io.BytesIO(b"meta"))
    monkeypatch.setattr(datasets.CIFAR10, "url", "http://127.0.0.1:9/cifar-10-python.tar.gz")
    monkeypatch.setattr(datasets.CIFAR10, "tgz_md5", hashlib.md5(archive.read_bytes()).hexdigest())
    told = list(downloads.prepare(TaskSpec(source="cifar10", path=str(tmp_path)), Control()))
    assert told == [StateEvent("starting", "Unpacking CIFAR-10: 100 %")]
    assert names(tmp_path) == ["batches.meta", "cifar-10-python.tar.gz"]


@pytest.mark.skipif(not Path("/etc/ssl/certs/ca-certificates.crt").is_file(), reason="certificates lie elsewhere")
def test_certificates_are_found_where_the_python_does_not_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    monkeypatch.setenv("SSL_CERT_DIR", "/nowhere")
    fetching._trust.cache_clear()
    assert fetching._trust().cert_store_stats()["x509_ca"] > 0
    fetching._trust.cache_clear()


@pytest.mark.parametrize("key", SETS)
def test_torchvision_says_what_is_missing(key: str, tmp_path: Path) -> None:
    image_set = SETS[key]
    for module in image_set.needs:
        pytest.importorskip(module)
    files = missing_files(image_set, filled(image_set.row.options, {}), tmp_path)
    assert files
    for file in files:
        assert tmp_path in file.file.parents
        assert file.urls and all(url.startswith("http") for url in file.urls)
        assert file.md5 is not None and len(file.md5) == 32
        assert (file.unpack is not None) == file.file.name.endswith((".tar.gz", ".tgz", ".zip"))
