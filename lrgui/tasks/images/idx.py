"""IDX files, the format of MNIST and its relatives: plain numbers, read as they are or out of a `.gz`."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

#: Type codes of the format; numbers of several bytes begin with the highest.
_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def read_idx(file: Path) -> np.ndarray:
    """The numbers of an IDX file as an array. Raises ValueError, with a sentence, where it is damaged."""
    try:
        packed = file.read_bytes()
        content = gzip.decompress(packed) if file.suffix == ".gz" else packed
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(_damaged(file)) from error
    kind, sides = content[2:3], content[3:4]
    if content[:2] != b"\0\0" or not kind or not sides or kind[0] not in _TYPES:
        raise ValueError(_damaged(file))
    start = 4 + 4 * sides[0]
    shape = tuple(np.frombuffer(content[4:start], ">u4").tolist()) if len(content) >= start else ()
    values = np.frombuffer(content[start:], np.uint8)
    dtype = np.dtype(_TYPES[kind[0]])
    if len(shape) != sides[0] or len(values) != math.prod(shape) * dtype.itemsize:
        raise ValueError(_damaged(file))
    return values.view(dtype).reshape(shape).astype(dtype.newbyteorder("="))


def find_idx(folder: Path, name: str) -> Path | None:
    """The IDX file `name` in `folder`, unpacked or not; also under the name that some archives give it."""
    for spelling in (name, name.replace("-idx", ".idx")):
        for ending in ("", ".gz"):
            file = folder / f"{spelling}{ending}"
            if file.is_file():
                return file
    return None


def _damaged(file: Path) -> str:
    return f"{file} is no whole IDX file. Delete it and get it again."
