"""Copies of tensors' memory: on the CPU, or in a private temporary file where they are too large for that."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import torch

from lrgui.core.formats import format_bytes

CHUNK = 16 * 2**20
"""Bytes that are read or written at a time; what a file needs in memory."""

LIMIT = 4 * 2**30
"""Bytes that are kept in memory where a folder for more is known."""


class Copies:
    """Copies of pieces of memory: `add` them all, `take` the copies once, then `fill` as often as needed.

    Everything lies on the CPU, or, where there are more than `limit_bytes` and a folder is given, in a file
    without a name that vanishes with this object, and with the process at the latest. Memory that was added
    twice is copied once. Errors (OSError): the folder does not exist, can't be written or has no room.
    """

    def __init__(self, folder: Path | str | None = None, limit_bytes: int = LIMIT) -> None:
        if folder is not None and not Path(folder).is_dir():
            raise FileNotFoundError(f"The folder for snapshots, {folder}, does not exist: create it or choose another.")
        self._folder = folder
        self._limit = limit_bytes
        self._pending: list[torch.Tensor] = []
        self._is_plain: list[bool] = []
        self._numbers: dict[object, int] = {}
        self._kept: list[torch.Tensor | _Place] = []
        self._devices: set[torch.device] = set()
        self._file: IO[bytes] | None = None
        self.closed = False

    def add(self, memory: torch.Tensor) -> int:
        """Note a piece (see `parts`) for the next `take`. Returns its number."""
        is_plain = plain(memory)
        key: object = id(memory)
        if is_plain:
            key = (memory.data_ptr(), memory.shape, memory.stride(), memory.dtype, memory.device)
        number = self._numbers.setdefault(key, len(self._pending))
        if number == len(self._pending):
            self._pending.append(memory)
            self._is_plain.append(is_plain)
        return number

    @torch.no_grad()
    def take(self) -> None:
        """Copy everything that was added."""
        found = list(zip(self._pending, self._is_plain, strict=True))
        size = sum(memory.nbytes for memory, is_plain in found if is_plain)
        self._devices = {memory.device for memory, _ in found}
        if self._folder is not None and size > self._limit:
            self._spill(self._folder, size)
        else:
            self._kept = [_on_cpu(memory) if is_plain else _whole(memory) for memory, is_plain in found]
        self.wait()
        self._pending.clear()
        self._numbers.clear()

    def fill(self, number: int, memory: torch.Tensor) -> None:
        """Put the copy with this number into a piece of the same form. On a device it is there after `wait`."""
        kept = self._kept[number]
        if not self._is_plain[number]:
            assert isinstance(kept, torch.Tensor)
            with torch.no_grad():
                memory.copy_(kept.to(memory.device))
            return
        if memory.shape != kept.shape:
            raise ValueError(f"A tensor of shape {tuple(kept.shape)} now has shape {tuple(memory.shape)}.")
        if memory.data_ptr() == 0:
            raise ValueError("A tensor's memory was freed after the snapshot and cannot be restored.")
        if isinstance(kept, _Place):
            self._read(kept, memory)
        else:
            memory.copy_(kept, non_blocking=True)

    def wait(self) -> None:
        """Until copies from and to devices are done."""
        for device in self._devices:
            backend: Any = getattr(torch, device.type, None)
            if device.type == "mps":
                torch.mps.synchronize()
            elif hasattr(backend, "synchronize") and device.type != "cpu":
                backend.synchronize(device)

    def close(self) -> None:
        """Give memory and file back."""
        self.closed = True
        self._kept.clear()
        if self._file is not None:
            self._file.close()

    def _spill(self, folder: Path | str, size: int) -> None:
        try:
            free = shutil.disk_usage(folder).free
            if free < size:
                raise OSError(f"it has {format_bytes(free)} left")
            file = self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 (lives as long as this)
            weakref.finalize(self, file.close)
            for memory, is_plain in zip(self._pending, self._is_plain, strict=True):
                self._kept.append(_written(file, memory) if is_plain else _whole(memory))
        except OSError as error:
            self.close()
            raise OSError(
                f"A snapshot of {format_bytes(size)} cannot be written to {folder} ({error}): choose a folder with "
                "more space, or none to keep it in memory."
            ) from error

    def _read(self, place: _Place, memory: torch.Tensor) -> None:
        assert self._file is not None
        self._file.seek(place.offset)
        buffer = _buffer(memory)
        for piece in _pieces(memory):
            wanted = memoryview(buffer.numpy().data)[: piece.nbytes]
            while wanted:
                count = self._file.readinto(wanted)  # type: ignore[attr-defined]
                if not count:
                    raise OSError("The snapshot's temporary file ended early.")
                wanted = wanted[count:]
            piece.copy_(buffer[: piece.nbytes].view(piece.dtype).view(piece.shape))


def parts(tensor: torch.Tensor) -> list[torch.Tensor]:
    """The pieces of memory that hold a tensor's values; written to, they change the tensor.

    A wrapper (DTensor, tensors made of tensors) gives the pieces of what it wraps. A tensor that is more than
    a piece of memory (sparse, quantised) gives itself. Nothing for empty and meta tensors.
    """
    if plain(tensor):
        # Without memory it is empty, or its memory was given back for the time being.
        return [_memory(tensor.detach())] if tensor.data_ptr() != 0 else []
    if hasattr(tensor, "wait"):  # the result of a collective that is still under way
        return parts(tensor.wait())
    if hasattr(tensor, "to_local"):
        return parts(tensor.to_local())
    if hasattr(tensor, "__tensor_flatten__"):
        names, _ = tensor.__tensor_flatten__()
        return [piece for name in names for piece in parts(getattr(tensor, name))]
    return [] if tensor.device.type == "meta" else [tensor]


def plain(tensor: torch.Tensor) -> bool:
    """Nothing but a piece of memory that is read with strides."""
    return (
        type(tensor).__torch_dispatch__ is torch.Tensor.__torch_dispatch__
        and tensor.layout is torch.strided
        and not (tensor.is_nested or tensor.is_quantized or tensor.is_conj() or tensor.is_neg())
    )


def _memory(tensor: torch.Tensor) -> torch.Tensor:
    """A view with the dimensions in the order of memory, those left out that repeat the same places (expanded)."""
    if tensor.is_contiguous():
        return tensor
    steps = [(step, size) for step, size in zip(tensor.stride(), tensor.shape, strict=True) if step and size > 1]
    steps.sort(reverse=True)
    return tensor.as_strided([size for _, size in steps], [step for step, _ in steps], tensor.storage_offset())


@dataclass(frozen=True)
class _Place:
    """Where in the file the bytes of a piece lie."""

    offset: int
    shape: torch.Size


def _whole(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().clone().cpu()


def _on_cpu(memory: torch.Tensor) -> torch.Tensor:
    if memory.device.type == "cpu":
        return memory.clone(memory_format=torch.contiguous_format)
    # Started, not awaited: the caller waits once for all. Pinned memory would be rounded up to powers of two.
    return torch.empty(memory.shape, dtype=memory.dtype, device="cpu").copy_(memory, non_blocking=True)


def _written(file: IO[bytes], memory: torch.Tensor) -> _Place:
    offset = file.tell()
    buffer = _buffer(memory)
    for piece in _pieces(memory):
        # Through memory of our own: a tensor that was shown to numpy could never be resized again.
        buffer[: piece.nbytes].view(piece.dtype).view(piece.shape).copy_(piece)
        left = memoryview(buffer.numpy().data)[: piece.nbytes]
        while left:
            left = left[file.write(left) :]
    return _Place(offset, memory.shape)


def _buffer(memory: torch.Tensor) -> torch.Tensor:
    return torch.empty(min(CHUNK, memory.nbytes), dtype=torch.uint8, device="cpu")


def _pieces(memory: torch.Tensor) -> Iterator[torch.Tensor]:
    """Views of at most `CHUNK` bytes."""
    if memory.nbytes <= CHUNK:
        yield memory
        return
    if memory.is_contiguous():
        memory = memory.view(-1)
    longest = max(range(memory.dim()), key=memory.size)
    share = max(1, memory.size(longest) * CHUNK // memory.nbytes)
    for piece in memory.split(share, longest):  # type: ignore[no-untyped-call]
        yield from _pieces(piece)
