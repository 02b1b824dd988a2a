"""Where the arithmetic runs: picking a device, and what there is to pick from."""

from __future__ import annotations

import torch

from lrgui.core.engine.devices import (
    best_kind,
    cores,
    count,
    free_on_device,
    is_there,
    roomiest_cuda,
    usual_threads,
    why_missing,
)
from lrgui.core.formats import format_bytes
from lrgui.tasks.device_rows import DeviceFacts

_LABELS = {"cuda": "CUDA", "xpu": "XPU", "mps": "MPS"}


def pick_device(name: str) -> torch.device:
    """The device called `name`; `auto` takes the best there is, of several CUDA devices the one with the most free
    memory. Raises ValueError where it is missing, with a sentence that says why and what there is.
    """
    if name == "auto":
        kind = best_kind()
        return torch.device(kind, roomiest_cuda()) if kind == "cuda" else torch.device(kind)
    kind, _, number = name.partition(":")
    many = count(kind)
    if many == 0:
        raise ValueError(f"The device {name} is not available ({why_missing(kind)}). Use {_others()}.")
    if len(number) > 3 or int(number or 0) >= many:  # torch takes only a number's last byte: its cuda:256 is cuda:0
        have = f"there is one {_LABELS[kind]} device" if many == 1 else f"there are {many}"
        raise ValueError(f"The device {name} is not available ({have}, counted from 0). Use {_others()}.")
    return torch.device(name)


def device_facts() -> list[DeviceFacts]:
    """Every device, the best kind first, and those that are missing where one would look for them.

    Asks each GPU for its free memory: for a process that ends soon, because that may make a context on it.
    """
    found = [_cuda(index) for index in range(count("cuda"))] or [_missing("cuda")]
    found += [_xpu(index) for index in range(count("xpu"))]
    if is_there("mps"):
        found.append(DeviceFacts("mps", "MPS · Apple GPU, shares the computer's memory"))
    elif torch.backends.mps.is_built():
        found.append(_missing("mps"))
    return [*found, DeviceFacts("cpu", f"CPU · {_counted(cores(), 'core')}, {_counted(usual_threads(), 'thread')}")]


def _cuda(index: int) -> DeviceFacts:
    try:
        name = torch.cuda.get_device_name(index)
    except Exception as error:  # one broken GPU must not hide the others
        return DeviceFacts(f"cuda:{index}", f"CUDA device {index}", f"it does not answer: {_first_line(error)}", False)
    return DeviceFacts(f"cuda:{index}", _with_memory(name, "cuda", index), _cuda_note(index))


def _cuda_note(index: int) -> str:
    """A GPU for which this PyTorch brings no code is there, but every kernel would fail."""
    try:
        major, minor = torch.cuda.get_device_capability(index)
        built = [int(arch.removeprefix("sm_")) for arch in torch.cuda.get_arch_list() if arch[3:].isdigit()]
    except Exception:  # only for this note
        return ""
    if built and 10 * major + minor < min(built):
        oldest = f"{min(built) // 10}.{min(built) % 10}"
        return f"too old for this PyTorch: its compute capability is {major}.{minor}, the oldest that works {oldest}"
    return ""


def _xpu(index: int) -> DeviceFacts:
    try:
        name = torch.xpu.get_device_name(index)
    except Exception as error:
        return DeviceFacts(f"xpu:{index}", f"XPU device {index}", f"it does not answer: {_first_line(error)}", False)
    return DeviceFacts(f"xpu:{index}", _with_memory(name, "xpu", index))


def _missing(kind: str) -> DeviceFacts:
    return DeviceFacts(kind, _LABELS[kind], why_missing(kind), there=False)


def _others() -> str:
    """What could be used instead: "cuda:0, cpu or auto"."""
    there = [
        *(f"cuda:{index}" for index in range(count("cuda"))),
        *(f"xpu:{index}" for index in range(count("xpu"))),
        *(["mps"] if is_there("mps") else []),
        "cpu",
    ]
    return f"{', '.join(there)} or auto"


def _with_memory(name: str, kind: str, index: int) -> str:
    free = free_on_device(kind, index)
    if free is None:
        return name
    return f"{name} · {format_bytes(free)} free"


def _counted(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:160] if lines else type(error).__name__
