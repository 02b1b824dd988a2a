from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from ssh_server import SshServer


@pytest.fixture
def ssh_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SshServer]:
    server = SshServer(tmp_path / "ssh")
    monkeypatch.setenv("PATH", f"{server.bin}{os.pathsep}{os.environ['PATH']}")
    server.start()
    yield server
    server.stop()
