"""Tensors in a file: the safetensors format, written and read here, with nothing but the standard library.

Whoever trains has torch and numpy, and need not have the `safetensors` package; and the program that hands out weights
has no torch. The format is small: eight bytes that say how long the header is, the header (JSON: for each tensor its
type, its shape and where its bytes begin and end, and texts by name under `__metadata__`), then the tensors' bytes, as
they lie in memory. Nothing in it is code. Described at https://huggingface.co/docs/safetensors.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

#: A longer header is none: so says the format.
MOST_HEADER = 100_000_000
#: Bytes that are copied at a time.
_CHUNK = 1 << 22
_METADATA = "__metadata__"


@dataclass(frozen=True)
class Tensor:
    """One tensor of a file."""

    dtype: str
    """As the format calls it: "F32"."""
    shape: tuple[int, ...]
    data: Callable[[], Iterator[bytes | memoryview]]
    """Gives its bytes, in pieces, when they are written."""
    size: int
    """In bytes."""


@dataclass(frozen=True)
class Contents:
    """What the header of a file says."""

    path: Path
    tensors: dict[str, Tensor]
    texts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class File:
    """The bytes of a file with these tensors and texts, in pieces, for `writing.write_atomically`."""

    tensors: Mapping[str, Tensor]
    texts: Mapping[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[bytes | memoryview]:
        header: dict[str, Any] = {_METADATA: dict(self.texts)} if self.texts else {}
        end = 0
        for name, one in self.tensors.items():
            header[name] = {"dtype": one.dtype, "shape": list(one.shape), "data_offsets": [end, end + one.size]}
            end += one.size
        line = json.dumps(header, separators=(",", ":")).encode()
        line += b" " * (-len(line) % 8)  # the tensors begin at a multiple of eight
        yield len(line).to_bytes(8, "little")
        yield line
        for one in self.tensors.values():
            yield from one.data()


def read(path: Path) -> Contents:
    """What lies in the file at `path`; the tensors' bytes are read when they are asked for.

    Raises OSError where it cannot be read, ValueError with a sentence where it is damaged or something else.
    """
    wrong = f"{path.name} is damaged, or no safetensors file."
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(MOST_HEADER, size - 8):
            raise ValueError(wrong)
        try:
            header = json.loads(file.read(length))
            texts = {str(key): str(value) for key, value in header.pop(_METADATA, {}).items()}
            begin = 8 + length
            tensors = {str(name): _tensor(path, begin, entry) for name, entry in header.items()}
            ends = [begin + entry["data_offsets"][1] for entry in header.values()]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise ValueError(wrong) from None
    if max(ends, default=begin) != size:
        raise ValueError(wrong)
    return Contents(path, tensors, texts)


def _tensor(path: Path, begin: int, entry: Mapping[str, Any]) -> Tensor:
    first, last = (int(end) for end in entry["data_offsets"])
    shape = tuple(int(count) for count in entry["shape"])
    if not 0 <= first <= last:
        raise ValueError("no place")
    return Tensor(str(entry["dtype"]), shape, lambda: _read(path, begin + first, last - first), last - first)


def _read(path: Path, begin: int, size: int) -> Iterator[bytes]:
    with open(path, "rb") as file:
        file.seek(begin)
        while size:
            data = _some(file, min(size, _CHUNK))
            size -= len(data)
            yield data


def _some(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if not data:
        raise OSError(f"{Path(file.name).name} ended while it was read.")
    return data
