"""The shipped files are found in a checkout, in an installed package and in a frozen bundle."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import lrgui.resources
from lrgui.resources import resource


def test_checkout_has_the_shipped_files() -> None:
    for parts in (
        ("digits.npz",),
        ("digits.md",),
        ("breast_cancer.npz",),
        ("breast_cancer.md",),
        ("diabetes.npz",),
        ("diabetes.md",),
        ("templates", "text.py"),
        ("fonts", "OFL.txt"),
        ("fonts", "LRFinderSans-Regular.otf"),
        ("fonts", "LRFinderSans-SemiBold.otf"),
        ("icons", "lrgui.svg"),
    ):
        assert resource(*parts).is_file()


def test_no_parts_is_the_folder() -> None:
    assert resource().is_dir()


def test_digits_are_the_whole_data_set() -> None:
    with np.load(resource("digits.npz")) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    assert images.shape == (1797, 8, 8)
    assert images.dtype == np.uint8
    assert (images.min(), images.max()) == (0, 16)
    assert labels.shape == (1797,)
    assert sorted(set(labels.tolist())) == list(range(10))


def test_missing_file_says_what_and_where() -> None:
    with pytest.raises(FileNotFoundError, match=r"icons/nothing\.svg is missing .* Reinstall LR Finder"):
        resource("icons", "nothing.svg")


def test_installed_package_has_its_own_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = tmp_path / "site-packages" / "lrgui" / "_resources" / "digits.npz"
    shipped.parent.mkdir(parents=True)
    shipped.write_bytes(b"installed")
    monkeypatch.setattr(lrgui.resources, "__file__", str(shipped.parent.parent / "resources.py"))
    assert resource("digits.npz").read_bytes() == b"installed"


def test_frozen_bundle_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = tmp_path / "resources" / "digits.npz"
    shipped.parent.mkdir()
    shipped.write_bytes(b"frozen")
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert resource("digits.npz").read_bytes() == b"frozen"
