"""QR codes (ISO/IEC 18004) of pages of this Lotse, and of nothing else."""

from __future__ import annotations

import io
import re

import segno

LONGEST_PATH = 600
_OWN = re.compile(r"/((leistungen|stellen|lebenslagen)(/[\w@%.~-]{1,300})?|chat)?(\?[\w=&%.+~|-]{0,300})?", re.ASCII)
"""Paths that are encoded: pages for people. Names in them are percent-encoded."""


def is_own(path: str) -> bool:
    return len(path) <= LONGEST_PATH and _OWN.fullmatch(path) is not None


def qr_svg(address: str) -> bytes:
    """The code as SVG, dark on white whatever the page looks like."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, omitsize=True, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None
    )
    return out.getvalue()
