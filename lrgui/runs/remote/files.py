"""Hands out the files of a folder, to whoever brings the checkpoints of a run home.

The standard library alone, and nothing newer than Python 3.7: the text of this file is the program, see `tail`. Each
line of standard input is a request in JSON: with a `folder` alone its files are told, name and size; with a `name` the
size of that one, and after it its bytes. Each answer is a line of JSON, with `error` in words where it is none.
"""

from __future__ import annotations

import json
import os
import shutil
import sys


def files_in(folder: str) -> list[tuple[str, int]]:
    """Names of its files and their bytes, without those that a training that goes on removed meanwhile."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                if entry.is_file():
                    found.append((entry.name, entry.stat().st_size))
            except FileNotFoundError:
                pass
    return found


def main() -> None:
    """Answer until nobody asks any more."""
    out = sys.stdout.buffer
    for line in iter(sys.stdin.buffer.readline, b""):
        about = json.loads(line.decode("utf-8"))
        folder = os.path.expanduser(about["folder"])
        try:
            if "name" in about:
                with open(os.path.join(folder, about["name"]), "rb") as file:
                    out.write(json.dumps({"size": os.fstat(file.fileno()).st_size}).encode("ascii") + b"\n")
                    shutil.copyfileobj(file, out, 1 << 18)
            else:
                out.write(json.dumps({"files": files_in(folder)}).encode("ascii") + b"\n")
        except FileNotFoundError:
            out.write(json.dumps({"files": []}).encode("ascii") + b"\n")
        except OSError as error:
            out.write(json.dumps({"error": error.strerror or str(error)}).encode("ascii") + b"\n")
        out.flush()


if __name__ == "__main__":
    main()
