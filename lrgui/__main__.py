"""`python -m lrgui` is the `lrgui` command."""

from __future__ import annotations

from lrgui.start import main

if __name__ == "__main__":
    main()
