"""Which devices there are for the arithmetic, and why one is missing. Nothing here starts a GPU that isn't asked of."""

from __future__ import annotations

import ctypes
import os
import sys
import warnings

import torch

#: The kinds of devices, the best first.
KINDS = ("cuda", "xpu", "mps", "cpu")


def is_there(kind: str) -> bool:
    """True where there is at least one device of this kind that works."""
    if kind == "cpu":
        return True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a missing or old driver: `why_missing` says it in a sentence
            if kind == "cuda":
                return torch.cuda.is_available()
            if kind == "xpu":
                return hasattr(torch, "xpu") and torch.xpu.is_available()
            return kind == "mps" and torch.backends.mps.is_available()
    except Exception:  # a broken driver must not take the CPU away too
        return False


def best_kind() -> str:
    """The kind that computes fastest here; `cpu` where there is nothing else."""
    return next(kind for kind in KINDS if is_there(kind))


def count(kind: str) -> int:
    """How many devices of this kind there are."""
    if not is_there(kind):
        return 0
    if kind == "cuda":
        return torch.cuda.device_count()
    return torch.xpu.device_count() if kind == "xpu" else 1


def roomiest_cuda() -> int:
    """The CUDA device with the most free memory, the first of equals. There must be one."""
    many = torch.cuda.device_count()
    return 0 if many < 2 else max(range(many), key=lambda index: (free_on_device("cuda", index) or 0, -index))


def free_on_device(kind: str, index: int) -> int | None:
    """Bytes that are free on a CUDA or XPU device just now, None where nobody tells.

    The driver is asked first: torch makes a context on each device that it is asked about, which takes hundreds
    of MB of a GPU on which somebody else may compute, and keeps it until the process ends.
    """
    try:
        if kind == "cuda":
            free = _free_of_nvml(index)
            return free if free is not None else int(torch.cuda.mem_get_info(index)[0])
        if kind == "xpu":
            return int(torch.xpu.mem_get_info(index)[0])
    except Exception:  # old versions of torch can't, and drivers fail in many ways: it is a hint only
        return None
    return None


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def usual_threads() -> int:
    """How many threads a run takes where nobody says otherwise: torch's own number, but one core is left.

    That one is the window's, also where there are only two: threads of torch that wait for a core which draws wait
    in a loop, and a small network then runs many times slower than on one core alone.
    """
    return max(1, min(torch.get_num_threads(), cores() - 1))


def why_missing(kind: str) -> str:
    """Why there is no such device, as the end of a sentence ("the NVIDIA driver is missing"); it must be missing."""
    if kind == "cuda":
        return _why_no_cuda()
    if kind == "mps":
        if sys.platform != "darwin":
            return "MPS is available only on Macs"
        if not torch.backends.mps.is_built():
            return "this PyTorch was built without MPS"
        return "MPS needs a Mac with Apple silicon or an AMD GPU, and macOS 12.3 or newer"
    if not hasattr(torch, "xpu") or not _built_with_xpu():
        return "this PyTorch was built without XPU"
    return "no Intel GPU was found, or its driver is missing"


def _why_no_cuda() -> str:
    version, rocm = torch.version.cuda, getattr(torch.version, "hip", None)
    if version is None and rocm is None:
        return "this PyTorch was built without CUDA"
    for variable in ("CUDA_VISIBLE_DEVICES", *(("HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES") if rocm else ())):
        hidden = os.environ.get(variable)
        if hidden is not None and hidden.strip() in ("", "-1"):
            return f"the environment variable {variable} hides all GPUs"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.cuda.init()  # type: ignore[no-untyped-call]
    except Exception as error:  # torch and the driver raise errors of many classes here
        said = str(error).strip().splitlines()
        text = said[0].rstrip(".") if said else type(error).__name__
        low = text.lower()
        if "no nvidia driver" in low or "libcuda" in low:
            return "the NVIDIA driver is missing"
        if "too old" in low or "insufficient" in low:
            return f"the NVIDIA driver is too old for this PyTorch, which was built for CUDA {version}"
        if "no cuda gpus" in low or "no hip gpus" in low or "no cuda-capable" in low:
            return "no GPU was found"
        return text if len(text) <= 160 else text[:159] + "…"
    return "no GPU was found"


def _built_with_xpu() -> bool:
    built = getattr(torch.xpu, "_is_compiled", None)
    return bool(built()) if callable(built) else torch.xpu.is_available()


class _Memory(ctypes.Structure):
    _fields_ = [("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong)]  # noqa: RUF012


def _free_of_nvml(index: int) -> int | None:
    """Free bytes as NVIDIA's management library tells them, None where it does not know the device."""
    uuid = getattr(torch.cuda.get_device_properties(index), "uuid", None)
    if uuid is None or getattr(torch.version, "hip", None):
        return None
    try:
        nvml = ctypes.CDLL("nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1")
    except OSError:
        return None
    if nvml.nvmlInit_v2() != 0:
        return None
    try:
        device, memory = ctypes.c_void_p(), _Memory()
        name = str(uuid) if str(uuid).startswith(("GPU-", "MIG-")) else f"GPU-{uuid}"
        if nvml.nvmlDeviceGetHandleByUUID(name.encode(), ctypes.byref(device)) != 0:
            return None
        return int(memory.free) if nvml.nvmlDeviceGetMemoryInfo(device, ctypes.byref(memory)) == 0 else None
    finally:
        nvml.nvmlShutdown()
