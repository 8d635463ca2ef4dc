"""Tables that clerks fill in with a spreadsheet program: XLSX or CSV, out and in again.

`spreadsheet_columns` says which tables and columns there are, `spreadsheet_values` and `spreadsheet_cells`
what stands in a cell; `spreadsheet_files` opens files nobody should trust.
"""

from __future__ import annotations

from knowledge.exchange.spreadsheet_read import read_spreadsheet
from knowledge.exchange.spreadsheet_write import write_csv, write_xlsx

__all__ = ["read_spreadsheet", "write_csv", "write_xlsx"]
