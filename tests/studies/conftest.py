"""What the tests of studies share."""

from __future__ import annotations

from conftest_of_studies import drive, folder

__all__ = ["drive", "folder"]
