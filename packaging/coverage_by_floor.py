"""Prints what the tests cover of each floor, after `make coverage` has run them."""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path

from coverage import Coverage

#: Percent of the lines that should be covered, where there is a target.
TARGETS = {"core": 95, "errors": 90, "runs": 90, "tasks": 90, "gui": 85}


def main() -> None:
    coverage = Coverage()
    coverage.combine(keep=True)
    coverage.report(file=(lines := io.StringIO()), show_missing=True)
    print(lines.getvalue())
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "coverage.json"
        coverage.json_report(outfile=str(file))
        files = json.loads(file.read_text())["files"]
    floors: dict[str, list[int]] = {}
    for name, found in files.items():
        parts = Path(name).parts
        under = parts[parts.index("lrgui") + 1 :]
        numbers = found["summary"]
        keys = ("covered_lines", "num_statements", "covered_branches", "num_branches")
        so_far = floors.setdefault(under[0] if len(under) > 1 else "lrgui", [0, 0, 0, 0])
        so_far[:] = [one + numbers[key] for one, key in zip(so_far, keys, strict=True)]
    floors["all"] = [sum(column) for column in zip(*floors.values(), strict=True)]
    print(f"{'':14}{'lines':>8}{'branches':>10}{'target':>8}")
    for name, (lines_hit, statements, hit, branches) in floors.items():
        target = f"{TARGETS[name]} %" if name in TARGETS else ""
        print(f"{name:14}{100 * lines_hit / statements:>7.1f}%{100 * hit / max(branches, 1):>9.1f}%{target:>8}")


if __name__ == "__main__":
    main()
