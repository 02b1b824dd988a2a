"""Which device is picked, and what is said of one that is missing: GPUs are stand-ins."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from lrgui.core.engine import devices
from lrgui.tasks.devices import device_facts, pick_device

GIB = 2**30


@dataclass
class Machine:
    """What torch says of a machine that is not this one."""

    monkeypatch: pytest.MonkeyPatch

    def cuda(self, *free: int, names: str = "NVIDIA H100", capability: tuple[int, int] = (9, 0)) -> None:
        """CUDA devices with so many GiB of free memory each."""
        properties = [SimpleNamespace(uuid=None) for _ in free]
        for name, value in {
            "is_available": lambda: bool(free),
            "device_count": lambda: len(free),
            "get_device_name": lambda index: names,
            "get_device_capability": lambda index: capability,
            "get_arch_list": lambda: ["sm_75", "sm_90a", "sm_120", "compute_120"],
            "get_device_properties": lambda index: properties[index],
            "mem_get_info": lambda index: (free[index] * GIB, 80 * GIB),
        }.items():
            self.set(torch.cuda, name, value)

    def xpu(self, *free: int, built: bool = True) -> None:
        """Intel GPUs."""
        self.set(torch.xpu, "is_available", lambda: bool(free))
        self.set(torch.xpu, "device_count", lambda: len(free))
        self.set(torch.xpu, "get_device_name", lambda index: "Intel Arc")
        self.set(torch.xpu, "mem_get_info", lambda index: (free[index] * GIB, 16 * GIB))
        self.set(torch.xpu, "_is_compiled", lambda: built)

    def mps(self, there: bool, built: bool = True, system: str = "darwin") -> None:
        """An Apple GPU."""
        self.set(torch.backends.mps, "is_available", lambda: there)
        self.set(torch.backends.mps, "is_built", lambda: built)
        self.set(sys, "platform", system)

    def no_cuda(self, error: str, built: str | None = "13.0") -> None:
        """A PyTorch that was built for CUDA and fails when it is used."""

        def init() -> None:
            raise RuntimeError(error)

        self.cuda()
        self.set(torch.cuda, "init", init)
        self.set(torch.version, "cuda", built)
        self.set(torch.version, "hip", None)
        self.monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def set(self, where: Any, name: str, value: Any) -> None:
        """For this test only."""
        self.monkeypatch.setattr(where, name, value, raising=False)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine with nothing but a CPU."""
    made = Machine(monkeypatch)
    made.no_cuda("Found no NVIDIA driver on your system.")
    made.xpu(built=False)
    made.mps(False, built=False, system="linux")
    return made


def test_auto_takes_the_best_there_is(machine: Machine) -> None:
    assert pick_device("auto") == torch.device("cpu")
    machine.mps(True)
    assert pick_device("auto") == torch.device("mps")
    machine.xpu(12)
    assert pick_device("auto") == torch.device("xpu")
    machine.cuda(40)
    assert pick_device("auto") == torch.device("cuda:0")


@pytest.mark.parametrize(("free", "index"), [((3, 70, 12), 1), ((5, 5), 0), ((1,), 0)])
def test_auto_takes_the_cuda_device_with_the_most_free_memory(
    machine: Machine, free: tuple[int, ...], index: int
) -> None:
    machine.cuda(*free)
    assert pick_device("auto") == torch.device("cuda", index)


def test_a_gpu_that_does_not_tell_its_memory_is_taken_last(machine: Machine) -> None:
    def memory(index: int) -> tuple[int, int]:
        if index == 0:
            raise RuntimeError("CUDA error: device is busy")
        return GIB, 80 * GIB

    machine.cuda(1, 1)
    machine.set(torch.cuda, "mem_get_info", memory)
    assert pick_device("auto") == torch.device("cuda:1")
    assert [facts.label for facts in device_facts()[:2]] == ["NVIDIA H100", "NVIDIA H100 · 1.1 GB free"]


def test_the_driver_is_asked_before_torch_which_would_make_a_context(machine: Machine) -> None:
    def memory(index: int) -> tuple[int, int]:
        raise AssertionError("torch was asked")

    machine.cuda(1, 1)
    machine.set(torch.cuda, "mem_get_info", memory)
    machine.set(torch.cuda, "get_device_properties", lambda index: SimpleNamespace(uuid=f"{index}a-b"))
    asked: list[bytes] = []

    class Nvml:
        """The management library, as far as it is used."""

        def nvmlInit_v2(self) -> int:
            return 0

        def nvmlDeviceGetHandleByUUID(self, uuid: bytes, device: Any) -> int:
            asked.append(uuid)
            device._obj.value = len(asked)
            return 0

        def nvmlDeviceGetMemoryInfo(self, device: Any, memory: Any) -> int:
            memory._obj.free = device.value * GIB
            return 0

        def nvmlShutdown(self) -> int:
            return 0

    machine.set(devices.ctypes, "CDLL", lambda name: Nvml())
    assert pick_device("auto") == torch.device("cuda:1")
    assert asked == [b"GPU-0a-b", b"GPU-1a-b"]


def test_without_the_drivers_library_torch_is_asked(machine: Machine) -> None:
    machine.cuda(1, 2)
    machine.set(torch.cuda, "get_device_properties", lambda index: SimpleNamespace(uuid="0-1"))

    def missing(name: str) -> None:
        raise OSError(name)

    machine.set(devices.ctypes, "CDLL", missing)
    assert devices.free_on_device("cuda", 1) == 2 * GIB


def test_a_device_that_is_there_is_taken_by_its_name(machine: Machine) -> None:
    machine.cuda(40, 40)
    machine.xpu(8)
    for name in ("cpu", "cuda", "cuda:1", "xpu", "xpu:0"):
        assert pick_device(name) == torch.device(name)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("Found no NVIDIA driver on your system. Please check …", "the NVIDIA driver is missing"),
        ("The NVIDIA driver on your system is too old (found version 11040).", "the NVIDIA driver is too old for this"),
        ("No CUDA GPUs are available", "no GPU was found"),
        ("CUDA unknown error - this may be due to an\nincorrectly set up environment.", "CUDA unknown error - this"),
    ],
)
def test_why_there_is_no_cuda(machine: Machine, error: str, reason: str) -> None:
    machine.no_cuda(error)
    with pytest.raises(ValueError, match=r"^The device cuda:1 is not available \(.*\)\. Use cpu or auto\.$") as raised:
        pick_device("cuda:1")
    assert f"({reason}" in str(raised.value)


def test_a_pytorch_without_cuda_and_gpus_that_are_hidden(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert "CUDA_VISIBLE_DEVICES hides all GPUs" in devices.why_missing("cuda")
    machine.no_cuda("", built=None)
    assert devices.why_missing("cuda") == "this PyTorch was built without CUDA"


def test_a_number_that_is_too_high(machine: Machine) -> None:
    machine.cuda(40, 40)
    with pytest.raises(ValueError) as raised:
        pick_device("cuda:2")
    assert str(raised.value) == (
        "The device cuda:2 is not available (there are 2, counted from 0). Use cuda:0, cuda:1, cpu or auto."
    )
    for name in ("cuda:128", "cuda:256", "cuda:99999999999999999999"):  # torch makes cuda:-128 and cuda:0 of the first
        with pytest.raises(ValueError, match=f"The device {name} is not available"):
            pick_device(name)


@pytest.mark.parametrize(
    ("system", "built", "reason"),
    [
        ("linux", False, "MPS is available only on Macs"),
        ("darwin", False, "this PyTorch was built without MPS"),
        ("darwin", True, "MPS needs a Mac with Apple silicon"),
    ],
)
def test_why_there_is_no_mps(machine: Machine, system: str, built: bool, reason: str) -> None:
    machine.mps(False, built, system)
    with pytest.raises(ValueError) as raised:
        pick_device("mps")
    assert reason in str(raised.value)


@pytest.mark.parametrize(("built", "reason"), [(False, "built without XPU"), (True, "no Intel GPU was found")])
def test_why_there_is_no_xpu(machine: Machine, built: bool, reason: str) -> None:
    machine.xpu(built=built)
    with pytest.raises(ValueError) as raised:
        pick_device("xpu:0")
    assert reason in str(raised.value)


def test_facts_of_a_machine_with_much(machine: Machine) -> None:
    machine.cuda(78, 3)
    machine.xpu(12)
    found = device_facts()
    assert [(facts.key, facts.label) for facts in found[:3]] == [
        ("cuda:0", "NVIDIA H100 · 84 GB free"),
        ("cuda:1", "NVIDIA H100 · 3.2 GB free"),
        ("xpu:0", "Intel Arc · 13 GB free"),
    ]
    assert found[3].key == "cpu" and found[3].label.startswith("CPU · ")
    assert all(facts.there and not facts.note for facts in found)


def test_facts_of_a_machine_with_nothing_name_what_is_missing(machine: Machine) -> None:
    cuda, cpu = device_facts()
    assert (cuda.key, cuda.note, cuda.there) == ("cuda", "the NVIDIA driver is missing", False)
    assert cpu.there
    machine.mps(False)
    assert [facts.key for facts in device_facts()] == ["cuda", "mps", "cpu"], "looked for on a Mac"


def test_a_gpu_that_this_pytorch_is_too_new_for(machine: Machine) -> None:
    machine.cuda(8, names="Tesla K80", capability=(3, 7))
    assert device_facts()[0].note == (
        "too old for this PyTorch: its compute capability is 3.7, the oldest that works 7.5"
    )


def test_a_gpu_that_fails_hides_no_other(machine: Machine) -> None:
    def name(index: int) -> str:
        if index == 0:
            raise RuntimeError("CUDA error: uncorrectable ECC error\nmore")
        return "NVIDIA A100"

    machine.cuda(1, 20)
    machine.set(torch.cuda, "get_device_name", name)
    broken, sound = device_facts()[:2]
    assert (broken.there, broken.note) == (False, "it does not answer: CUDA error: uncorrectable ECC error")
    assert sound.label == "NVIDIA A100 · 21 GB free"


def test_a_driver_that_breaks_leaves_the_cpu(machine: Machine) -> None:
    def broken() -> bool:
        raise RuntimeError("driver shut down")

    machine.set(torch.cuda, "is_available", broken)
    assert pick_device("auto") == torch.device("cpu")


def test_one_core_is_left_to_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    for cores, threads in ((16, 8), (8, 7), (2, 1), (1, 1)):
        monkeypatch.setattr(devices, "cores", lambda cores=cores: cores)
        assert devices.usual_threads() == threads
