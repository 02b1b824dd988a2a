"""What a bundle weighs, by package: `python packaging/size_report.py dist/lrgui-light [--most MB]`."""

from __future__ import annotations

import argparse
import re
import sys
from collections import defaultdict
from pathlib import Path

MB = 1e6


def package(place: Path) -> str:
    """The package that the file at `place` (in the bundle's folder) belongs to."""
    parts = [part for part in place.parts if part != "_internal"]
    name = parts[0]
    if name == "nvidia" and len(parts) > 1:
        named = re.match(r"lib(?:nv)?([a-zA-Z]+)", parts[-1])
        return f"nvidia {named[1] if named else parts[1]}"
    if len(parts) > 1:
        if name.endswith(".libs"):
            return name.removesuffix(".libs")
        if name == "PySide6":
            return "PySide6 (Qt plugins)" if "plugins" in parts else "PySide6"
        return "Python (compiled modules)" if name == "lib-dynload" or name.startswith("python3") else name
    if name in ("lrgui", "lrgui.exe"):
        return "executable, with all Python modules"
    if name.startswith("libpython") or name == "base_library.zip":
        return "Python"
    return "system libraries" if ".so" in name or name.endswith(".dll") else "other files"


def sizes(bundle: Path) -> dict[str, int]:
    """Bytes by package, links not counted."""
    found: dict[str, int] = defaultdict(int)
    for path in bundle.rglob("*"):
        if path.is_file() and not path.is_symlink():
            found[package(path.relative_to(bundle))] += path.stat().st_size
    return found


def show(bundle: Path) -> float:
    """Print the sizes, largest first; returns the whole in MB."""
    found = sizes(bundle)
    total = sum(found.values())
    print(f"{'package':<40}{'MB':>9}")
    small = 0
    for name, size in sorted(found.items(), key=lambda item: -item[1]):
        if size < total / 1000:
            small += size
        else:
            print(f"{name:<40}{size / MB:>9.1f}")
    print(f"{'all others':<40}{small / MB:>9.1f}")
    print(f"{'whole bundle':<40}{total / MB:>9.1f}")
    return total / MB


def main() -> None:
    """Show the sizes; fails where there is more than allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--most", type=float, metavar="MB", help="fail above this")
    options = parser.parse_args()
    whole = show(options.bundle)
    if options.most is not None and whole > options.most:
        sys.exit(f"The bundle weighs {whole:.0f} MB; at most {options.most:.0f} MB are allowed.")


if __name__ == "__main__":
    main()
