"""Is this a picture or a voice recording? By the file's own first bytes, not by its name.

Pages, drawings with scripts and programs never match, so nobody in the site's office can open one by mistake.
"""

from __future__ import annotations

# Kind, media type, position, bytes. Order matters only where one beginning is part of another.
_SIGNS: tuple[tuple[str, str, int, bytes], ...] = (
    ("picture", "image/jpeg", 0, b"\xff\xd8\xff"),
    ("picture", "image/png", 0, b"\x89PNG\r\n\x1a\n"),
    ("picture", "image/gif", 0, b"GIF8"),
    ("picture", "image/webp", 8, b"WEBP"),
    ("picture", "image/heic", 4, b"ftyphei"),
    ("picture", "image/heic", 4, b"ftyphev"),
    ("picture", "image/heif", 4, b"ftypmif1"),
    ("picture", "image/avif", 4, b"ftypavif"),
    ("voice", "audio/amr", 0, b"#!AMR"),
    ("voice", "audio/silk", 0, b"#!SILK"),
    ("voice", "audio/silk", 1, b"#!SILK"),  # WeChat puts one byte before it
    ("voice", "audio/mpeg", 0, b"ID3"),
    ("voice", "audio/aac", 0, b"\xff\xf1"),
    ("voice", "audio/aac", 0, b"\xff\xf9"),
    ("voice", "audio/mpeg", 0, b"\xff\xfb"),
    ("voice", "audio/mpeg", 0, b"\xff\xf3"),
    ("voice", "audio/mpeg", 0, b"\xff\xf2"),
    ("voice", "audio/wav", 8, b"WAVE"),
    ("voice", "audio/ogg", 0, b"OggS"),
    ("voice", "audio/flac", 0, b"fLaC"),
    ("voice", "audio/mp4", 4, b"ftypM4A"),
)
# Containers that hold either sound or film: the browser's word decides.
_EITHER: tuple[tuple[str, int, bytes], ...] = (
    ("audio/mp4", 4, b"ftyp"),
    ("audio/webm", 0, b"\x1a\x45\xdf\xa3"),
)


def media_kind(content: bytes, declared: str) -> tuple[str, str] | None:
    """("picture" | "voice", media type), or None for anything else."""
    for kind, media_type, start, sign in _SIGNS:
        if content[start : start + len(sign)] == sign:
            return kind, media_type
    if declared.startswith("audio/"):
        for media_type, start, sign in _EITHER:
            if content[start : start + len(sign)] == sign:
                return "voice", media_type
    return None
