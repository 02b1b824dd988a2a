"""A tracker that needs no package."""

import pytest
from recorded import Memory


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    return Memory(monkeypatch)
