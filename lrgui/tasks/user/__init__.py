"""What the person wrote: read from its syntax tree by the window, imported by the worker alone."""
