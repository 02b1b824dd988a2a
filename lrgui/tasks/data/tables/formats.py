"""How tables are written into files."""

from __future__ import annotations

#: What an option calls the separators that cannot be seen, and how they are written.
SEPARATORS = {"tab": "\t", "semicolon": ";", "comma": ",", "bar": "|", "space": " "}
#: Endings of files with columns of their own.
PARQUET = (".parquet", ".pq")
