"""Tables that clerks fill in with a spreadsheet program: XLSX or CSV, out and in again.

`columns` says which tables and columns there are, `values` and `cells`
what stands in a cell; `files` opens files nobody should trust.
"""

from __future__ import annotations

from knowledge.exchange.spreadsheet.read import read_spreadsheet
from knowledge.exchange.spreadsheet.write import write_csv, write_xlsx

__all__ = ["read_spreadsheet", "write_csv", "write_xlsx"]
