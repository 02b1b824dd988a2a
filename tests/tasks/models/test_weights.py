"""Pretrained weights are fetched before a run, where they are wanted and missing."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from lrgui.core.control import Control
from lrgui.tasks.models.weights import file_of, prepare
from lrgui.tasks.spec import TaskSpec

models = pytest.importorskip("torchvision.models")

CONTENT = b"weights" * 1000


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a file that torchvision says to be the weights of resnet18; torch's folder is the test's."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    folder = tmp_path / "served"
    folder.mkdir()
    name = f"resnet18-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"
    (folder / name).write_bytes(CONTENT)
    with HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}/{name}"
        serving.shutdown()
        thread.join()


def wanting(monkeypatch: pytest.MonkeyPatch, url: str, pretrained: bool = True) -> TaskSpec:
    monkeypatch.setattr(models, "get_model_weights", lambda name: SimpleNamespace(DEFAULT=SimpleNamespace(url=url)))
    return TaskSpec(model="torchvision", model_options={"name": "resnet18", "pretrained": pretrained})


def test_they_are_fetched_once(served: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spec = wanting(monkeypatch, served)
    told = [event.detail for event in prepare(spec, Control())]
    assert told[0].startswith("Downloading the weights of resnet18: ")
    (file,) = (tmp_path / "hub" / "checkpoints").iterdir()
    assert file.read_bytes() == CONTENT
    assert list(prepare(spec, Control())) == []


def test_fresh_weights_need_nothing(served: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert list(prepare(wanting(monkeypatch, served, pretrained=False), Control())) == []
    assert not (tmp_path / "hub").exists()


def test_the_checksum_in_the_name_counts(served: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "served" / served.rsplit("/", 1)[1]).write_bytes(b"something else")
    with pytest.raises(
        ValueError, match=r"^The weights of resnet18 could not be downloaded: .* wrong checksum\. .*off"
    ):
        list(prepare(wanting(monkeypatch, served), Control()))
    assert not any((tmp_path / "hub" / "checkpoints").iterdir())


def test_torchvisions_own_names() -> None:
    url, file, digest = file_of(models.ResNet18_Weights.DEFAULT)
    assert url.startswith("https://") and file.name == "resnet18-f37072fd.pth"
    assert digest == "f37072fd"
