"""Sweeps inside other packages' training loops: one module per package, which alone imports that package."""
