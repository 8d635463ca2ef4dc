"""`lotse widget`: the widget as a file, and the lines that put it into a site."""

from __future__ import annotations

import sys
from pathlib import Path

from bot.channels.web.assets import policy, snippet, widget
from bot.settings import Settings


def widget_command(settings: Settings, origin: str | None, folder: Path | None) -> int:
    """Print the snippet with its checksum; write the file where a folder is given."""
    address = (origin or settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")
    asset = widget()
    if folder:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / asset.name).write_bytes(asset.content)
        except OSError as error:
            print(f"Die Datei lässt sich nicht schreiben: {error.strerror}.", file=sys.stderr)
            return 1
        print(f"{folder / asset.name} ({len(asset.compressed) / 1000:.1f} kB komprimiert)", file=sys.stderr)
    print(snippet(address))
    print(f"Content-Security-Policy: {policy(address)}", file=sys.stderr)
    return 0
