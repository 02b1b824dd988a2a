"""LR Finder: find a learning rate by looking at a live curve, train with it, keep the picture."""

__version__ = "0.1.0"
