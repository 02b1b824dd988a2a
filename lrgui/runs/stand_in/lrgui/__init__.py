"""Stands for the package in which it lies, where another one called `lrgui` would be found first.

Another Python may have an lrgui of its own; see `lrgui.runs.python_command`. Only processes that a run starts
import this.
"""

from pathlib import Path

__file__ = str(Path(__file__).resolve().parents[3] / "__init__.py")
__path__ = [str(Path(__file__).parent)]
exec(compile(Path(__file__).read_bytes(), __file__, "exec"), globals())
