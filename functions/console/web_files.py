"""The files that a browser gets: all are text, and all are read before the first request."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
}
HASHED = "assets/"
"""The folder whose names have a hash of their content: such a file never changes."""


@dataclass(frozen=True)
class WebFile:
    text: str
    media_type: str
    etag: str
    is_hashed: bool = False

    @classmethod
    def of(cls, name: str, text: str) -> WebFile:
        etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
        return cls(text, MEDIA_TYPES[PurePosixPath(name).suffix], etag, name.startswith(HASHED))


def read_files(folder: Path) -> dict[str, WebFile]:
    """Return the files by their paths in the folder. A request is looked up here and never reaches the file system."""
    names = {path: path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: WebFile.of(name, path.read_text(encoding="utf-8")) for path, name in names.items()}
