"""Files are written all at once or not at all, and nothing else is replaced."""

from __future__ import annotations

import errno
import os
import re
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lrgui import writing
from lrgui.writing import write_atomically

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")


def only(folder: Path, *names: str) -> None:
    """Nothing temporary is left."""
    assert sorted(os.listdir(folder)) == sorted(names)


def test_a_new_file_and_an_old_one(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"one")
    write_atomically(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"two"
    only(tmp_path, "a")


@posix
def test_links_stay_and_what_they_lead_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target, link, chain, dangling = (tmp_path / name for name in ("real/file", "link", "chain", "dangling"))
    target.write_bytes(b"old")
    link.symlink_to("real/file")
    chain.symlink_to(link)
    dangling.symlink_to("real/new")
    write_atomically(chain, b"new")
    write_atomically(dangling, b"made")
    assert link.is_symlink() and chain.is_symlink() and dangling.is_symlink()
    assert target.read_bytes() == b"new" and (tmp_path / "real" / "new").read_bytes() == b"made"
    only(tmp_path / "real", "file", "new")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="symbolic links"):
        write_atomically(tmp_path / "loop", b"")


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755, 0o666])
def test_permissions_and_owner_stay(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    if os.getuid() == 0:
        os.chown(file, 12345, 23456)
    file.chmod(mode)
    before = file.stat()
    write_atomically(file, b"new")
    after = file.stat()
    assert file.read_bytes() == b"new"
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


@posix
def test_an_owner_that_cannot_be_kept_keeps_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"a longer text than the new one")
    before = file.stat()

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "no")

    monkeypatch.setattr(writing, "_like", refuse)
    write_atomically(file, b"new")
    assert file.read_bytes() == b"new" and file.stat().st_ino == before.st_ino
    only(tmp_path, "file")


@posix
def test_a_file_that_a_container_brought_in_is_written_as_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")

    def busy(*_: object) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr("os.replace", busy)
    write_atomically(file, b"new")
    assert file.read_bytes() == b"new"
    only(tmp_path, "file")


@posix
def test_private_files_are_private_from_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr("os.fsync", lambda descriptor: seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode)))
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "file").chmod(0o644)
    write_atomically(tmp_path / "file", b"secret", private=True)
    assert seen == [0o600] and stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["n" * 255, "ü" * 127, "x" * 251 + ".csv"])
def test_names_as_long_as_they_may_be(tmp_path: Path, name: str) -> None:
    if sys.platform == "win32" and len(str(tmp_path / name)) > 259:
        pytest.skip("paths are short here")
    write_atomically(tmp_path / name, b"data")
    assert (tmp_path / name).read_bytes() == b"data"
    only(tmp_path, name)


@pytest.mark.parametrize("when", ["os.fsync", "os.replace", "os.open"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str, error: BaseException
) -> None:
    (tmp_path / "file").write_bytes(b"old")

    def fail(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(when, fail)
        with pytest.raises(type(error)):
            write_atomically(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"old"
    only(tmp_path, "file")


@posix
def test_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        write_atomically(Path("/dev/full"), b"data")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


@posix
def test_devices_stay() -> None:
    before = os.lstat("/dev/null")
    write_atomically(Path("/dev/null"), b"data")
    assert os.lstat("/dev/null").st_ino == before.st_ino and stat.S_ISCHR(os.lstat("/dev/null").st_mode)


@posix
@pytest.mark.parametrize("path", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("into", ["pipe", "file"])
def test_standard_output(tmp_path: Path, path: str, into: str) -> None:
    code = (
        "import sys; from pathlib import Path; from lrgui.writing import write_atomically\n"
        f"print('before'); write_atomically(Path({path!r}), b'data ' * 50000); print('after')"
    )
    with open(tmp_path / "out", "wb") as out:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=out if into == "file" else subprocess.PIPE, check=True, timeout=30
        )
    text = (tmp_path / "out").read_bytes() if into == "file" else done.stdout
    assert re.fullmatch(rb"before\n(data ){50000}after\n", text)
    assert os.path.islink("/dev/stdout")


@posix
def test_a_pipe_gets_the_data_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    monkeypatch.setattr(writing, "READER", 0.05)
    with pytest.raises(OSError, match="nobody reads from this pipe"):
        write_atomically(pipe, b"data")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    monkeypatch.setattr(writing, "READER", 60)
    write_atomically(pipe, b"data" * 100_000)
    reader.join(60)
    assert got == [b"data" * 100_000]
    assert stat.S_ISFIFO(pipe.lstat().st_mode)
    only(tmp_path, "pipe")


@posix
def test_a_pipe_whose_reader_takes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PATIENCE", 0.2)
    os.mkfifo(tmp_path / "pipe")
    end = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(OSError, match="nobody takes the data"):
            write_atomically(tmp_path / "pipe", b"data" * 100_000)
    finally:
        os.close(end)


@posix
def test_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path / "folder", b"data")
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(tmp_path)  # a socket's path may not be long
        listener.bind("socket")
        with pytest.raises(OSError, match="it is not a file"):
            write_atomically(tmp_path / "socket", b"data")
    assert stat.S_ISSOCK((tmp_path / "socket").lstat().st_mode)


def test_many_writers_of_one_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    texts = [bytes([65 + i]) * 50_000 for i in range(8)]
    writers = [threading.Thread(target=write_atomically, args=(file, text)) for text in texts]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert file.read_bytes() in texts
    only(tmp_path, "file")
