"""Copies of tensors' memory, on the CPU and in a file."""

from __future__ import annotations

import gc
import os
import sys
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from lrgui.core.engine import tensor_store as spill
from lrgui.core.engine.tensor_store import Copies, parts

MAKERS: dict[str, Callable[[], torch.Tensor]] = {
    "float32": lambda: torch.randn(5, 7),
    "bfloat16": lambda: torch.randn(5, 7).bfloat16(),
    "complex": lambda: torch.randn(3, 4, dtype=torch.complex64),
    "bool": lambda: torch.rand(9) > 0.5,
    "int64": lambda: torch.randint(-9, 9, (4, 4)),
    "scalar": lambda: torch.tensor(3.5),
    "nan payload": lambda: torch.tensor([0x7FC12345, -0x7FFFFFFF]).int().view(torch.float32),
    "channels last": lambda: torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
    "transposed": lambda: torch.randn(4, 6).t(),
    "with gaps": lambda: torch.randn(6, 8)[::2, 1:5],
    "expanded": lambda: torch.randn(3, 1).expand(3, 4),
    "expanded with gaps": lambda: torch.randn(6, 1)[::2].expand(3, 4),
    "windows": lambda: torch.randn(10).unfold(0, 4, 1),
    "offset": lambda: torch.randn(10)[3:],
    "conjugated": lambda: torch.randn(3, dtype=torch.complex64).conj(),
}


def bits(tensor: torch.Tensor) -> bytes:
    return bytes(tensor.detach().resolve_conj().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())


@pytest.fixture(params=["memory", "file"])
def copies(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copies:
    monkeypatch.setattr(spill, "CHUNK", 16)  # several pieces even of small tensors
    return Copies() if request.param == "memory" else Copies(tmp_path, limit_bytes=0)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_every_bit_comes_back_and_may_come_back_again(make: Callable[[], torch.Tensor], copies: Copies) -> None:
    tensor = make()
    before, storage = bits(tensor), tensor.untyped_storage()
    around = bytes(storage)
    numbers = [copies.add(piece) for piece in parts(tensor)]
    copies.take()
    for _ in range(2):
        storage.fill_(1)
        for number, piece in zip(numbers, parts(tensor), strict=True):
            copies.fill(number, piece)
        assert bits(tensor) == before
    # Only the tensor's own places were written to; those between them belong to others.
    own = torch.zeros(len(around), dtype=torch.bool)
    if tensor.dim() == 2 and tensor.dtype is torch.float32:
        places = torch.arange(len(around) // 4).as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())
        own.view(-1, 4)[places.reshape(-1)] = True
        assert all(bytes(storage)[i] == (around[i] if own[i] else 1) for i in range(len(around)))


def test_dense_tensors_give_dense_memory_whatever_their_dimensions_order() -> None:
    for tensor in (torch.ones(4, 6).t(), torch.ones(2, 3, 4, 5).to(memory_format=torch.channels_last)):
        (piece,) = parts(tensor)
        assert piece.is_contiguous()
        assert piece.numel() == tensor.numel()


def test_memory_that_is_added_twice_is_copied_once(copies: Copies) -> None:
    tensor = torch.randn(4)
    assert [copies.add(piece) for piece in parts(tensor) + parts(tensor.detach())] == [0, 0]


def test_other_kinds_of_tensors_come_back_whole(copies: Copies) -> None:
    sparse = torch.sparse_coo_tensor(torch.tensor([[0, 2]]), torch.tensor([1.0, 2.0]), (4,), check_invariants=True)
    number = copies.add(*parts(sparse))
    copies.take()
    sparse.mul_(3)
    copies.fill(number, sparse)
    assert sparse.to_dense().tolist() == [1.0, 0.0, 2.0, 0.0]


def test_tensors_made_of_tensors_give_their_parts() -> None:
    nested = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged)
    parts(nested)[0].zero_()
    assert nested.values().tolist() == [0.0] * 5


@pytest.mark.filterwarnings("ignore")
def test_the_result_of_a_collective_is_waited_for() -> None:
    collectives = pytest.importorskip("torch.distributed._functional_collectives")
    inner = torch.ones(2)
    waited: list[bool] = []

    class Pending(collectives.AsyncCollectiveTensor):  # type: ignore[misc, name-defined]
        def wait(self) -> torch.Tensor:
            waited.append(True)
            return inner

    (piece,) = parts(Pending(torch.zeros(2)))
    assert waited == [True]
    assert piece.data_ptr() == inner.data_ptr()


def test_empty_and_meta_tensors_have_no_parts() -> None:
    freed = torch.ones(3)
    freed.untyped_storage().resize_(0)
    assert parts(torch.empty(0, 3)) == parts(torch.empty(3, device="meta")) == parts(freed) == []


def test_a_changed_shape_is_told(copies: Copies) -> None:
    number = copies.add(torch.zeros(4))
    copies.take()
    with pytest.raises(ValueError, match="shape"):
        copies.fill(number, torch.zeros(1, 4))


def test_memory_that_was_given_back_is_told_and_not_written_to(copies: Copies) -> None:
    tensor = torch.zeros(4)
    number = copies.add(tensor)
    copies.take()
    tensor.untyped_storage().resize_(0)
    with pytest.raises(ValueError, match="was freed after the snapshot"):
        copies.fill(number, tensor)


def open_files(folder: Path) -> list[str]:
    """Files of this process that lie in a folder, also those without a name."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:  # listing's own
            continue
        if target.startswith(str(folder)):
            found.append(target)
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("way", ["closed", "collected"])
def test_the_file_has_no_name_and_vanishes(way: str, tmp_path: Path) -> None:
    copies = Copies(tmp_path, limit_bytes=0)
    copies.add(torch.randn(100))
    copies.take()
    assert len(open_files(tmp_path)) == 1
    assert list(tmp_path.iterdir()) == []
    if way == "closed":
        copies.close()
    else:
        gone = weakref.ref(copies)
        del copies
        gc.collect()
        assert gone() is None
    assert open_files(tmp_path) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_what_fits_stays_in_memory(tmp_path: Path) -> None:
    copies = Copies(tmp_path, limit_bytes=400)
    copies.add(torch.randn(100))
    copies.take()
    assert open_files(tmp_path) == []


def test_a_folder_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="does not exist: create it or choose another"):
        Copies(tmp_path / "none")


def test_a_disk_with_too_little_room_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 5_000}))
    copies = Copies(tmp_path, limit_bytes=0)
    copies.add(torch.zeros(10_000))
    with pytest.raises(OSError, match=r"it has 5 kB left.*more space, or none to keep it in memory"):
        copies.take()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_fills_up_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full").open("r+b", buffering=0)  # noqa: SIM115 (the one who gets it closes it)
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: full)
    copies = Copies(tmp_path, limit_bytes=0)
    copies.add(torch.zeros(10))
    with pytest.raises(OSError, match="No space left"):
        copies.take()
    assert full.closed


def test_a_file_that_lost_its_end_is_told(tmp_path: Path) -> None:
    copies = Copies(tmp_path, limit_bytes=0)
    number = copies.add(torch.zeros(10))
    copies.take()
    assert copies._file is not None
    copies._file.truncate(8)
    with pytest.raises(OSError, match="ended early"):
        copies.fill(number, torch.zeros(10))


def test_devices_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "synchronize", waited.append)
    monkeypatch.setattr(torch.mps, "synchronize", lambda: waited.append(torch.device("mps")))
    copies = Copies()
    copies._devices = {torch.device("cpu"), torch.device("cuda", 1), torch.device("mps")}
    copies.wait()
    assert sorted(map(str, waited)) == ["cuda:1", "mps"]
