"""From the rows of `core.optimizers` to optimizers of torch and of other libraries."""
