"""The models on offer for data that comes without one: rows with dotted names, no torch."""

from __future__ import annotations

from lrgui.tasks.rows import ModelRow, by_key

IMAGE_MODELS = by_key(
    ModelRow("cnn", "Small CNN", "small CNN", "lrgui.tasks.models.small_cnn"),
    ModelRow("simplenet", "SimpleNet", "SimpleNet", "lrgui.tasks.models.simple_net"),
)
"""For images (channels, height, width)."""
