"""Inputs and targets in an .npz file are found by name; nothing is unpickled."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lrgui.tasks.data import limits
from lrgui.tasks.data.tables.array_file import read_arrays

X, Y = np.zeros((6, 2)), np.arange(6)


def saved(folder: Path, **arrays: Any) -> Path:
    file = folder / "some.npz"
    np.savez(file, **arrays)
    return file


@pytest.mark.parametrize(
    "pair",
    [
        ("x", "y"),
        ("X", "y"),
        ("images", "labels"),
        ("data", "target"),
        ("features", "label"),
        ("X", "target"),
        ("X_Train", "Y_Train"),
        ("train_data", "train_labels"),
        ("arr_0", "arr_1"),
    ],
)
def test_usual_names(tmp_path: Path, pair: tuple[str, str]) -> None:
    names, arrays = read_arrays(saved(tmp_path, other=np.zeros(3), **dict(zip(pair, (X, Y), strict=True))), "", "")
    assert names == pair
    assert [array.shape for array in arrays] == [(6, 2), (6,)]


def test_names_that_are_given(tmp_path: Path) -> None:
    file = saved(tmp_path, x=X, y=Y, z=Y + 1)
    assert read_arrays(file, "x", "z")[0] == ("x", "z")
    assert read_arrays(file, "x", "")[0] == ("x", "y")
    assert read_arrays(file, "z", "")[0] == ("z", "y")
    assert read_arrays(file, "", "z")[0] == ("x", "z")
    file = saved(tmp_path, x_train=X, y_train=Y, weights=Y)
    assert read_arrays(file, "", "weights")[0] == ("x_train", "weights")


def test_the_shortest_names_come_first(tmp_path: Path) -> None:
    file = saved(tmp_path, x_train=X, y_train=Y, data=X, labels=Y, x=X, y=Y)
    assert read_arrays(file, "", "")[0] == ("x", "y")


def test_a_pair_for_validation(tmp_path: Path) -> None:
    names, arrays = read_arrays(saved(tmp_path, x_train=X, y_train=Y, x_test=X[:2], y_test=Y[:2]), "", "")
    assert names == ("x_train", "y_train", "x_test", "y_test")
    assert len(arrays[2]) == 2
    capitals = saved(tmp_path, X_Train=X, Y_Train=Y, X_Val=X, Y_Val=Y)
    assert read_arrays(capitals, "", "")[0] == ("X_Train", "Y_Train", "X_Val", "Y_Val")


@pytest.mark.parametrize(
    ("arrays", "x", "y", "sentence"),
    [
        ({"a": X, "b": Y}, "", "", "no arrays with the usual names.*It has: a, b"),
        ({"x": X, "y": Y}, "inputs", "", "no array “inputs”. It has: x, y"),
        ({"x": X, "y": Y[:3]}, "", "", r"x \(6, 2\) and y \(3,\) do not match"),
        ({"x": X, "y": np.float64(3)}, "", "", r"y \(\) do not match"),
        ({"x": X, "y": np.array([1, "a", None] * 2, object)}, "", "", "Python objects.*astype"),
        (
            {"x_train": X, "y_train": Y, "x_val": X[:, :1], "y_val": Y},
            "",
            "",
            "x_val and y_val must have the same",
        ),
    ],
)
def test_what_does_not_fit(tmp_path: Path, arrays: dict[str, Any], x: str, y: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_arrays(saved(tmp_path, **arrays), x, y)


def test_what_is_no_such_file(tmp_path: Path) -> None:
    file = tmp_path / "some.npz"
    for content in (b"", b"no arrays"):
        file.write_bytes(content)
        with pytest.raises(ValueError, match=r"is not an \.npz file"):
            read_arrays(file, "", "")
    content = saved(tmp_path, x=np.random.RandomState(0).rand(50, 3), y=np.arange(50)).read_bytes()
    file.write_bytes(content[:400] + b"damaged" + content[407:])
    with pytest.raises(ValueError, match="is damaged"):
        read_arrays(file, "", "")


def test_arrays_larger_than_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "some.npz"
    np.savez_compressed(file, x=np.zeros((1000, 1000)), y=np.zeros(1000), other=np.zeros(10**7))
    assert file.stat().st_size < 100_000
    monkeypatch.setattr(limits, "free_ram", lambda: 17_000_000)
    read_arrays(file, "", "")  # what is not asked for takes nothing
    monkeypatch.setattr(limits, "free_ram", lambda: 15_000_000)
    words = r"^The content of some.npz takes 16 MB of memory, but only 15 MB is free: keep fewer"
    with pytest.raises(ValueError, match=words):
        read_arrays(file, "", "")


def test_a_member_that_is_no_array(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "some.npz", "w") as packed:
        packed.writestr("x.npy", b"nothing of the kind")
        packed.writestr("y.npy", b"")
    with pytest.raises(ValueError, match=r"^some.npz is damaged .*: create it again"):
        read_arrays(tmp_path / "some.npz", "", "")
