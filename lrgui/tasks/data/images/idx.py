"""IDX files, the format of MNIST and its relatives: plain numbers, read as they are or out of a `.gz`."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from lrgui.tasks.data.limits import must_fit, opened

WAY_OUT = "choose a smaller data set, or a computer with more memory"

#: Type codes of the format; numbers of several bytes begin with the highest.
_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def read_idx(file: Path) -> np.ndarray:
    """The numbers of an IDX file as an array. Raises ValueError, with a sentence, where it is damaged."""
    try:
        with opened(file, WAY_OUT) as stream:
            begin = stream.read(4)
            if begin[:2] != b"\0\0" or len(begin) < 4 or begin[2] not in _TYPES:
                raise ValueError(_damaged(file))
            sides = stream.read(4 * begin[3])
            shape = tuple(np.frombuffer(sides, ">u4").tolist()) if len(sides) == 4 * begin[3] else (-1,)
            dtype = np.dtype(_TYPES[begin[2]])
            size = math.prod(shape) * dtype.itemsize
            must_fit(2 * size, file.name, WAY_OUT)
            values = stream.read(size + 1) if size >= 0 else b""  # one too many shows that there is more
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(_damaged(file)) from error
    if len(values) != size:
        raise ValueError(_damaged(file))
    return np.frombuffer(values, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def find_idx(folder: Path, name: str) -> Path | None:
    """The IDX file `name` in `folder`, unpacked or not; also under the name that some archives give it."""
    for spelling in (name, name.replace("-idx", ".idx")):
        for ending in ("", ".gz"):
            file = folder / f"{spelling}{ending}"
            if file.is_file():
                return file
    return None


def _damaged(file: Path) -> str:
    return f"{file} is not a complete IDX file. Delete it and download it again."
