"""In which encoding a text file is written, and whether it is one at all. Standard library only."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import IO

#: Beginnings of files that say how they are encoded.
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
BLOCK = 1 << 20


def file_encoding(path: Path, most: int | None = None) -> str:
    """`encoding_of` the file at `path`."""
    with path.open("rb") as file:
        return encoding_of(file, path.name, most)


def encoding_of(file: IO[bytes], file_name: str, most: int | None = None) -> str:
    """The encoding of the text in `file`, judged by its first `most` bytes (None: by all of it).

    A mark at the beginning decides; without one it is UTF-8 where that is possible, else Windows-1252: Latin-1 with
    the euro and typographic quotes.

    Raises ValueError, with a sentence, for what is no text, and OSError.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8, read = True, 0
    while block := file.read(BLOCK if most is None else min(BLOCK, most - read)):
        if not read:
            for mark, name in MARKS.items():
                if block.startswith(mark):
                    return name
        if b"\0" in block:
            raise ValueError(f"{file_name} is not a text file: it contains bytes that are not text. {_way_out(block)}")
        read += len(block)
        if utf8:
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                utf8 = False
    if not read:
        raise ValueError(f"{file_name} is empty: choose a file with text in it.")
    return "utf-8" if utf8 else "cp1252"


def _way_out(block: bytes) -> str:
    if block.startswith(b"PK"):
        return "If it is a spreadsheet, save it as CSV in the program that made it."
    return "Choose a text file, or save it as one in the program that made it."
