"""Studies: many runs of one task over a grid, kept in a folder, computed by a pool of processes or by Ray."""
