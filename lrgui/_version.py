"""The version, in a file that imports nothing: builds and run logs read it, too."""

__version__ = "0.1.0"
