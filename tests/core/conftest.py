"""Shared by the tests of the engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(scope="module", autouse=True)
def _few_objects(few_objects: None) -> None:
    """Schedulers are looked for in many of these tests."""


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small models are faster, and sums are the same on every machine, with one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
