"""`python -m lrgui.cli`."""

from __future__ import annotations

from lrgui.cli import main

if __name__ == "__main__":
    main()
