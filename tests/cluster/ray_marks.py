"""What all tests with a real Ray have in common."""

from __future__ import annotations

import pytest

RAY = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    # Ray leaves its sockets and processes to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]
