"""What is known of a device, for forms and tables. No torch here: the window has none."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DeviceFacts:
    """One device that a run can use, or a kind of device that is missing."""

    key: str
    """What a `TaskSpec` calls it: "cpu", "cuda:0", "mps", "xpu:0"; a missing kind has no number."""
    label: str
    """For people: "NVIDIA H100 · 78 GB free"."""
    note: str = ""
    """Why it is missing, or what should be known of it; the end of a sentence, without its full stop."""
    there: bool = True
    """False for a kind that is missing."""
