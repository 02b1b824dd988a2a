"""Temporary folders go with their process, and with no other."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from lrgui.temporary import remove_folders_of

MAKE = "from lrgui.temporary import temporary_folder; folder = temporary_folder(); (folder / 'file').touch()\n"


def run(code: str) -> Path:
    """The folder that a process has made that also did `code`."""
    words = [sys.executable, "-c", f"{MAKE}print(folder, flush=True)\n{code}"]
    return Path(subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip())


def test_it_goes_with_the_process() -> None:
    folder = run("assert folder.is_dir()")
    assert folder.name.startswith("lrgui-") and not folder.exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_leaves_it() -> None:
    folder = run("import os, sys\nif os.fork() == 0: sys.exit()\nos.wait(); os._exit(0)")
    assert (folder / "file").is_file()
    remove_folders_of(int(folder.name.split("-")[1]))
    assert not folder.exists()


@pytest.mark.skipif(not os.access("/tmp", os.W_OK), reason="there is no shorter place")
@pytest.mark.parametrize("long", [False, True])
def test_sockets_of_children_find_room(tmp_path: Path, long: bool) -> None:
    """Loader workers wait for ever where the address of their socket is too long; clusters have such TMPDIRs."""
    folder = tmp_path / ("long" * 20 if long else "s")
    folder.mkdir()
    short = tempfile.mkdtemp(dir="/tmp")  # pytest's own folder may be long already
    code = (
        "import socket\nfrom multiprocessing.util import get_temp_dir\n"
        "from multiprocessing.connection import Listener\n"
        "from lrgui.temporary import keep_sockets_of_children\n"
        "keep_sockets_of_children()\nprint(get_temp_dir())\nListener(family='AF_UNIX').close()\n"
    )
    environment = {**os.environ, "TMPDIR": str(folder) if long else short}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    used = Path(done.stdout.strip())
    assert used.parent == Path("/tmp" if long else short) and not used.exists()
    os.rmdir(short)


def test_only_those_of_the_process_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    for name in ("lrgui-12-a", "lrgui-123-b"):
        (tmp_path / name).mkdir()
    (tmp_path / "lrgui-12-link").symlink_to(kept)
    remove_folders_of(12)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "lrgui-12-link", "lrgui-123-b"]
    assert (kept / "file").is_file()
