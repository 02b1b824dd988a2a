"""What is said beside every curve; to say it, nothing that reads one is needed."""

from __future__ import annotations

#: What stands before the classic reading.
CLASSIC = "The classic reading of the curve:"
#: What the factor of a recommendation means, for tooltips and help texts.
MEANING = "In nine of ten cases a nearly optimal rate lies within this factor of the recommendation"
#: The tips of the classic guide: true of every pick.
TIPS: tuple[str, ...] = (
    "The recommendation applies to this batch size: if you double the batch, try double the rate.",
    "The recommendation applies to this optimizer: Adam's is usually near 1e-3, SGD's is higher.",
    "Sweep from fresh weights, unless your training starts from pretrained weights.",
    "BatchNorm statistics are reset before a sweep and restored after it.",
)
