"""Why something could not be exported."""

from __future__ import annotations


class ExportError(Exception):
    """A file could not be made or written; the message is a sentence for people."""
