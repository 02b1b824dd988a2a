"""A second Python for the tests of this floor."""

from other_python import other_python as other_python
