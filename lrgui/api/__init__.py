"""The Python API: one call finds a learning rate, its result shows and keeps itself."""
