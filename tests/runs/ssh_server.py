"""A real sshd on this machine's loopback: an ordinary process with keys, settings and a port of its own."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

#: What ssh calls it.
NAME = "gpu-box"
#: Where programs are that are not of this Python.
_PATH = "/usr/local/bin:/usr/bin:/bin"


class SshServer:
    """The server, and a program `ssh` that knows it and its key, for the front of PATH."""

    def __init__(self, folder: Path) -> None:
        sshd, ssh = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"), shutil.which("ssh")
        if sshd is None or ssh is None or shutil.which("ssh-keygen") is None:
            pytest.skip("no OpenSSH server here")
        if os.getuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # its own wish, of root
        self.folder = folder
        self.bin = folder / "bin"
        self.home = folder / "there"
        self._sshd = sshd
        self._process: subprocess.Popen[bytes] | None = None
        self.bin.mkdir(parents=True)
        self.home.mkdir()
        for key in ("host", "own"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        # What the person's own shell does at its start is none of the tests', and takes longer than all else. Nor has
        # anything to be kept secret from quantum computers.
        there = f"HOME={self.home} XDG_CACHE_HOME={self.home} PATH={Path(sys.executable).parent}:{_PATH}"
        exchange = "KexAlgorithms curve25519-sha256\n"
        self.authorized = folder / "authorized_keys"
        self.authorized.write_text((folder / "own.pub").read_text())
        (folder / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {self.authorized}\n"
            f"PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\n"
            f"SetEnv {there}\n{exchange}"
        )
        self.known = folder / "known_hosts"
        self.known.write_text(f"[127.0.0.1]:{self.port} {(folder / 'host.pub').read_text()}")
        (folder / "ssh_config").write_text(
            f"Host {NAME}\nHostName 127.0.0.1\nPort {self.port}\nUser {getpass.getuser()}\nHost *\n"
            f"IdentityFile {folder}/own\nIdentitiesOnly yes\nIdentityAgent none\nUserKnownHostsFile {self.known}\n"
            f"GlobalKnownHostsFile none\nStrictHostKeyChecking yes\n{exchange}"
        )
        program = self.bin / "ssh"
        program.write_text(f'#!/bin/sh\nexec {ssh} -F {folder}/ssh_config "$@"\n')
        program.chmod(0o755)

    def start(self) -> None:
        """Listen."""
        log = open(self.folder / "sshd.log", "ab")  # noqa: SIM115
        command = [self._sshd, "-D", "-e", "-f", str(self.folder / "sshd_config")]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self._process.poll() is not None:
                pytest.skip("sshd does not start here: " + (self.folder / "sshd.log").read_text()[-300:])
            time.sleep(0.02)
        raise AssertionError("sshd does not answer")

    def cut(self) -> int:
        """End all connections as a network does that is gone; returns how many there were."""
        assert self._process is not None
        sessions = _children(self._process.pid)
        for pid in sessions:
            for each in (*_children(pid), pid):
                try:
                    os.kill(each, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        return len(sessions)

    def stop(self) -> None:
        """Listen no more, and end all connections."""
        if self._process is not None:
            self.cut()
            self._process.terminate()
            self._process.wait(10)
            self._process = None


def _children(pid: int) -> list[int]:
    """Of sshd's processes; a command that one of them runs is none."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat, name = (folder / "stat").read_text(), (folder / "comm").read_text()
        except OSError:
            continue
        if int(stat.rpartition(")")[2].split()[1]) == pid and name.startswith("sshd"):
            found.append(int(folder.name))
    return found


def loopback(folder: Path) -> SshServer | None:
    """A server outside of tests, in front of this process' PATH; None where there is no sshd."""
    try:
        server = SshServer(folder)
        server.start()
    except pytest.skip.Exception:
        return None
    os.environ["PATH"] = f"{server.bin}{os.pathsep}{os.environ['PATH']}"
    return server
