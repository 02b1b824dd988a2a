"""The safetensors format: written and read here, and by the package where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lrgui.core import tensor_file
from lrgui.core.tensor_file import File, Tensor
from lrgui.writing import write_atomically

ARRAY = np.arange(6, dtype=np.float32).reshape(2, 3)


def stored(array: np.ndarray, word: str = "F32") -> Tensor:  # type: ignore[type-arg]
    return Tensor(word, array.shape, lambda: iter((array.tobytes(),)), array.nbytes)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.safetensors"
    empty = np.empty((0, 4), dtype=np.float32)
    write_atomically(path, File({"a": stored(ARRAY), "b": stored(empty)}, {"note": "é\n"}))
    return path


def test_there_and_back(file: Path) -> None:
    found = tensor_file.read(file)
    assert found.texts == {"note": "é\n"} and list(found.tensors) == ["a", "b"]
    assert found.tensors["a"].shape == (2, 3) and b"".join(found.tensors["a"].data()) == ARRAY.tobytes()
    assert found.tensors["b"].size == 0 and b"".join(found.tensors["b"].data()) == b""
    again = file.with_name("b.safetensors")
    write_atomically(again, File(found.tensors, found.texts))
    assert again.read_bytes() == file.read_bytes()


def test_the_package_reads_it(file: Path) -> None:
    numpy = pytest.importorskip("safetensors.numpy")
    found = numpy.load_file(file)
    assert np.array_equal(found["a"], ARRAY) and found["b"].shape == (0, 4)


def test_what_the_package_writes_is_read(tmp_path: Path) -> None:
    numpy = pytest.importorskip("safetensors.numpy")
    numpy.save_file({"x": ARRAY, "y": ARRAY.astype(np.int64)}, tmp_path / "c", metadata={"format": "np"})
    found = tensor_file.read(tmp_path / "c")
    assert found.texts == {"format": "np"}
    assert found.tensors["y"].dtype == "I64" and b"".join(found.tensors["x"].data()) == ARRAY.tobytes()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:7],
        lambda data: data[:40],
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: b"\xff" * 8 + data[8:],
        lambda data: data.replace(b"[2,3]", b"[2,x]"),
        lambda data: data.replace(b"data_offsets", b"data_offzets"),
        lambda data: (2).to_bytes(8, "little") + b"[]",
    ],
)
def test_a_damaged_file_is_said_to_be_one(file: Path, damage: Callable[[bytes], bytes]) -> None:
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ValueError, match=r"a\.safetensors is damaged, or no safetensors file"):
        tensor_file.read(file)
