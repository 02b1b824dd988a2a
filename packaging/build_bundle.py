"""Builds a bundle in an environment of its own: `python packaging/build_bundle.py light` (or `full`).

The environment, build/bundle-FLAVOUR/venv, holds the project's own wheel, what it needs (the light one: all but
torch) and PyInstaller, nothing else: what is not installed cannot slip into the bundle. It is made anew when what
is to be installed changes. The bundle is dist/lrgui-FLAVOUR.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "packaging"))

import size_report  # noqa: E402

TOOLS = ["pyinstaller>=6.11"]
HEAVY = ("torch", "torchvision")


def requirements(flavour: str, torch: list[str]) -> list[str]:
    """What is installed: the dependencies of pyproject.toml; `torch` replaces those on torch and torchvision."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert block is not None, "pyproject.toml lists no dependencies"
    found = re.findall(r'^\s*"([^"]+)"', block[1], re.MULTILINE)
    light = [one for one in found if re.split(r"[^\w.-]", one)[0] not in HEAVY]
    heavy = [one for one in found if one not in light]
    return TOOLS + light + ((torch or heavy) if flavour == "full" else [])


def run(*command: str | Path, folder: Path = ROOT, **environment: str) -> None:
    """Run a command in `folder`, or end with its status."""
    done = subprocess.run([str(word) for word in command], cwd=folder, env={**os.environ, **environment}, check=False)
    if done.returncode:
        raise SystemExit(f"{Path(command[0]).name} failed (exit status {done.returncode}): see the lines above.")


def environment(work: Path, wanted: list[str]) -> Path:
    """The Python of the build environment, which is made where it is not there as `wanted`."""
    folder = work / "venv"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = work / "installed.json"
    if not (python.exists() and stamp.exists() and json.loads(stamp.read_text()) == wanted):
        print(f"Making the build environment in {folder.relative_to(ROOT)} …", flush=True)
        stamp.unlink(missing_ok=True)
        venv.create(folder, clear=True, with_pip=True)
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted)
        stamp.write_text(json.dumps(wanted))
    return python


def main() -> None:
    """Build."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("flavour", choices=("light", "full"))
    parser.add_argument(
        "--torch",
        action="append",
        default=[],
        metavar="REQUIREMENT",
        help="install this in place of the usual torch and torchvision (full only; may be repeated)",
    )
    parser.add_argument("--name", help="build it in build/bundle-NAME into dist/lrgui-NAME (usually the flavour)")
    options = parser.parse_args()
    name = options.name or options.flavour
    if sys.platform.startswith("linux") and shutil.which("objdump") is None:
        raise SystemExit("PyInstaller needs objdump. On Debian or Ubuntu: sudo apt-get install binutils")
    began = time.monotonic()
    work = ROOT / "build" / f"bundle-{name}"
    work.mkdir(parents=True, exist_ok=True)
    python = environment(work, requirements(options.flavour, options.torch))
    wheels = work / "wheel"
    shutil.rmtree(wheels, ignore_errors=True)
    quiet = ("--quiet", "--disable-pip-version-check")
    run(python, "-m", "pip", "wheel", *quiet, "--no-deps", "--wheel-dir", wheels, ROOT)
    (wheel,) = wheels.glob("*.whl")
    run(python, "-m", "pip", "install", *quiet, "--no-deps", "--force-reinstall", wheel)
    installed = time.monotonic()
    print(f"Building the {options.flavour} bundle …", flush=True)
    run(
        *(
            python,
            "-P" if sys.version_info >= (3, 11) else "-s",
            "-m",
            "PyInstaller",
            "--noconfirm",
            "--log-level=WARN",
        ),
        *("--distpath", ROOT / "dist", "--workpath", work / "work", ROOT / "packaging" / "lrgui.spec"),
        folder=work,  # not the checkout, whose package would come before the installed one
        LRGUI_BUNDLE=options.flavour,
        LRGUI_BUNDLE_NAME=name,
    )
    bundle = ROOT / "dist" / f"lrgui-{name}"
    size_report.show(bundle)
    ended = time.monotonic()
    print(
        f"Built {bundle.relative_to(ROOT)} in {ended - installed:.0f} s "
        f"(its environment and the wheel: {installed - began:.0f} s)."
    )


if __name__ == "__main__":
    main()
