"""The menu entry, the file type, the icons, and putting them into a person's own folder."""

from __future__ import annotations

import os
import shlex
import shutil
import struct
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from lrgui import __version__
from lrgui.resources import resource
from lrgui.runs.library import SUFFIX

ROOT = Path(__file__).resolve().parents[2]
DESKTOP = ROOT / "packaging" / "desktop"
SCRIPT = ROOT / "packaging" / "install-desktop.sh"
MIME_TYPE = "application/x-lrgui-run"
SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
posix = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="for desktops on Linux")


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def entry(path: Path) -> dict[str, dict[str, str]]:
    """The groups of a desktop file, with the escapes of texts undone."""
    groups: dict[str, dict[str, str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            group = groups.setdefault(line.strip("[]"), {})
        elif line:
            key, _, value = line.partition("=")
            group[key] = value.replace("\\\\", "\\")
    return groups


def install(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "XDG_DATA_HOME": str(data)}
    return subprocess.run(["bash", str(SCRIPT), *arguments], env=environment, capture_output=True, text=True)


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """A program in a folder whose name needs every kind of quoting."""
    folder = tmp_path / 'a b ü$HOME`c`%f"d\\e'
    folder.mkdir()
    path = folder / "lrgui-gui"
    path.write_text('#!/bin/sh\nprintf "%s\\n" "$0" "$@"\n')
    path.chmod(0o755)
    return path


def test_the_parts_name_each_other() -> None:
    main = entry(DESKTOP / "lrgui.desktop")["Desktop Entry"]
    assert main["MimeType"] == f"{MIME_TYPE};" and main["Icon"] == "lrgui"
    mime = ElementTree.parse(DESKTOP / "lrgui.xml").getroot()
    name = "{http://www.freedesktop.org/standards/shared-mime-info}"
    (kind,) = mime.findall(f"{name}mime-type")
    assert kind.attrib["type"] == MIME_TYPE
    assert [glob.attrib["pattern"] for glob in kind.findall(f"{name}glob")] == [f"*{SUFFIX}"]
    facts = ElementTree.parse(DESKTOP / "lrgui.metainfo.xml").getroot()
    assert facts.findtext("launchable") == "lrgui.desktop"
    assert facts.findtext("provides/mediatype") == MIME_TYPE
    newest = facts.find("releases/release")
    assert newest is not None and newest.attrib["version"] == __version__


@needs("desktop-file-validate")
def test_the_menu_entry_is_valid() -> None:
    done = subprocess.run(
        ["desktop-file-validate", str(DESKTOP / "lrgui.desktop")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@needs("appstreamcli")
def test_the_description_is_valid() -> None:
    done = subprocess.run(
        ["appstreamcli", "validate", "--no-net", str(DESKTOP / "lrgui.metainfo.xml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_size_of_the_icon_is_there() -> None:
    for size in SIZES:
        data = resource("icons", "hicolor", f"{size}x{size}", "apps", "lrgui.png").read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">2I", data[16:24]) == (size, size)


def test_the_icons_of_windows_and_macos_are_whole() -> None:
    ico = resource("icons", "lrgui.ico").read_bytes()
    zero, kind, count = struct.unpack("<3H", ico[:6])
    assert (zero, kind) == (0, 1) and count >= 6
    end = 6 + 16 * count
    for number in range(count):
        length, place = struct.unpack("<2I", ico[6 + 16 * number + 8 : 6 + 16 * number + 16])
        assert place == end
        end += length
    assert end == len(ico)
    icns = resource("icons", "lrgui.icns").read_bytes()
    assert icns[:4] == b"icns" and struct.unpack(">I", icns[4:8]) == (len(icns),)
    place, names = 8, []
    while place < len(icns):
        names.append(icns[place : place + 4])
        place += struct.unpack(">I", icns[place + 4 : place + 8])[0]
    assert place == len(icns) and b"ic09" in names


def test_the_icons_can_be_made_anew(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(ROOT / "packaging" / "make_icons.py"), str(tmp_path)], check=True)
    made = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert len(made) == len(SIZES) + 2
    for name in made:
        # Another version of Qt may draw the edges a little differently, never another picture.
        assert abs(len(resource("icons", *Path(name).parts).read_bytes()) - len((tmp_path / name).read_bytes())) < 4000


@posix
def test_installing_and_uninstalling_leaves_nothing(tmp_path: Path, command: Path) -> None:
    data = tmp_path / "data folder"
    done = install(data, "install", str(command))
    assert done.returncode == 0 and "in the menu" in done.stdout, done.stderr
    groups = entry(data / "applications" / "lrgui.desktop")
    assert groups["Desktop Entry"]["TryExec"] == str(command)
    for group in groups.values():
        # Within quotes the Exec key has the same escapes as a shell, and %% is a percent sign.
        words = shlex.split(group["Exec"].replace("\\$", "$").replace("\\`", "`").replace("%%", "%"))
        assert words[0] == str(command)
    assert groups["Desktop Entry"]["Exec"].endswith('" %f')
    assert (data / "mime" / "packages" / "lrgui.xml").is_file()
    assert (data / "icons" / "hicolor" / "48x48" / "apps" / "lrgui.png").is_file()
    assert (data / "icons" / "hicolor" / "scalable" / "apps" / "lrgui.svg").is_file()
    if shutil.which("desktop-file-validate"):
        subprocess.run(["desktop-file-validate", str(data / "applications" / "lrgui.desktop")], check=True)
    assert install(data, "install", str(command)).returncode == 0, "a second time replaces the first"
    assert install(data, "uninstall").returncode == 0
    assert list(data.iterdir()) == []
    assert install(data, "uninstall").returncode == 0


# Qt looks types up in the shared MIME database as file managers do, and comes along with the program. `xdg-mime query`
# asks whatever happens to be installed: on a machine without a desktop that is `file`, which only reads contents.
ASK_QT = """
import sys
from PySide6.QtCore import QMimeDatabase
kind = QMimeDatabase().mimeTypeForFile(sys.argv[1])
print(kind.name(), kind.comment(), kind.iconName(), kind.inherits("text/plain"), sep="|")
"""


def type_of(path: Path, data: Path) -> str:
    """What a desktop whose only data folder is `data` takes a file for: name, comment, icon, whether it is text."""
    environment = {**os.environ, "XDG_DATA_HOME": str(data), "XDG_DATA_DIRS": str(data), "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, "-c", ASK_QT, str(path)], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@posix
@needs("update-mime-database")
@needs("update-desktop-database")
def test_the_system_knows_what_opens_a_run(tmp_path: Path, command: Path) -> None:
    data = tmp_path / "data"
    run = tmp_path / f"some{SUFFIX}"
    run.write_text("{}\n")
    assert type_of(run, data).split("|")[0] != MIME_TYPE
    assert install(data, "install", str(command)).returncode == 0
    assert type_of(run, data) == f"{MIME_TYPE}|LR Finder run|lrgui|True"
    # The cache that desktops read to find the program for a type.
    cache = (data / "applications" / "mimeinfo.cache").read_text().splitlines()
    assert cache == ["[MIME Cache]", f"{MIME_TYPE}=lrgui.desktop;"]
    assert install(data, "uninstall").returncode == 0
    assert type_of(run, data).split("|")[0] != MIME_TYPE


@posix
def test_what_other_programs_have_there_stays(tmp_path: Path, command: Path) -> None:
    data = tmp_path / "data"
    others = [data / "applications" / "other.desktop", data / "mime" / "packages" / "other.xml"]
    others += [data / "icons" / "hicolor" / "48x48" / "apps" / "other.png"]
    for path in others:
        path.parent.mkdir(parents=True)
        path.write_text((DESKTOP / path.name.replace("other", "lrgui")).read_text() if path.suffix != ".png" else "")
    assert install(data, "install", str(command)).returncode == 0
    assert install(data, "uninstall").returncode == 0
    assert all(path.is_file() for path in others)
    assert not list(data.rglob("*lrgui.*"))


@posix
def test_a_command_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = install(tmp_path, "install", str(tmp_path / "nothing"))
    assert done.returncode == 1 and "install LR Finder first" in done.stderr and not list(tmp_path.iterdir())
    assert install(tmp_path, "something").returncode == 2
