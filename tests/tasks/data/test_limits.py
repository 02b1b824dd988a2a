"""What fits into memory."""

from __future__ import annotations

import gzip
import io
import os
import sys
from pathlib import Path

import pytest

from lrgui.tasks.data import limits
from lrgui.tasks.data.limits import Bounded, free_ram, must_be_file, must_fit


def test_free_memory() -> None:
    assert free_ram() is None or 1e6 < (free_ram() or 0) < 1e15


def test_what_does_not_fit_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "free_ram", lambda: 2_000_000)
    must_fit(2e6, "x.npz", "keep less")
    with pytest.raises(ValueError, match=r"^x.npz takes 3 GB of memory, but only 2 MB is free: keep less[.]$"):
        must_fit(3e9, "x.npz", "keep less")
    monkeypatch.setattr(limits, "free_ram", lambda: None)
    must_fit(1e30, "x.npz", "keep less")


def test_a_packed_file_is_read_as_far_as_there_is_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(bytes(5_000_000))
    with Bounded(io.BytesIO(b"abc"), "x", "keep less") as whole:
        assert whole.read() == b"abc"
    monkeypatch.setattr(limits, "free_ram", lambda: 3_000_000)
    with (
        Bounded(gzip.GzipFile(fileobj=io.BytesIO(packed)), "x.gz", "keep less") as bounded,
        pytest.raises(ValueError, match=r"x.gz unpacks to more than 1.5 MB, half of the free memory: keep less[.]$"),
    ):
        bounded.read()


def test_folders_and_pipes_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is a folder"):
        must_be_file(tmp_path)
    (tmp_path / "x").write_bytes(b"")
    must_be_file(tmp_path / "x")
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ValueError, match="pipe is a pipe or a device, not a file: choose"):
            must_be_file(tmp_path / "pipe")
