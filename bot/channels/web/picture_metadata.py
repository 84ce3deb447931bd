"""What a telephone writes into a photograph besides the picture: place, time, serial numbers. None of it is ours to keep.

The way the picture is held (orientation) stays, since a nurse must see it upright. What cannot be read is left as it is.
"""

from __future__ import annotations

import struct

_JPEG, _PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
_SCAN, _EXIF = 0xDA, 0xE1
_DROPPED = {*range(0xE1, 0xF0), 0xFE} - {0xE2, 0xEE}  # colours (ICC, Adobe) belong to the picture
_TELLING = {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"}
_ORIENTATION = 0x0112
# A photograph has dozens; millions of empty ones would keep the process from everybody else.
_MOST_SEGMENTS = 10_000


def without_metadata(content: bytes) -> bytes:
    """JPEG and PNG without what is not the picture; anything else unchanged."""
    try:
        if content.startswith(_JPEG):
            return _jpeg(content)
        return _png(content) if content.startswith(_PNG) else content
    except (struct.error, IndexError, ValueError):
        return content


def _jpeg(content: bytes) -> bytes:
    kept, at, turned, segments = bytearray(_JPEG), 2, 1, 0
    while content[at] == 0xFF and content[at + 1] != _SCAN:
        segments += 1
        if segments > _MOST_SEGMENTS:
            raise ValueError("more segments than a photograph has")
        marker, (length,) = content[at + 1], struct.unpack_from(">H", content, at + 2)
        if length < 2 or at + 2 + length > len(content):
            raise ValueError("a segment is cut off")
        segment = content[at : at + 2 + length]
        if marker == _EXIF and segment[4:10] == b"Exif\0\0":
            turned = _orientation(segment[10:])
        if marker not in _DROPPED:
            kept += segment
        at += 2 + length
    if content[at] != 0xFF:
        raise ValueError("no segment where one should be")
    return bytes(kept[:2]) + (_upright(turned) if turned != 1 else b"") + bytes(kept[2:]) + content[at:]


def _orientation(tiff: bytes) -> int:
    order = "<" if tiff[:2] == b"II" else ">"
    (start,) = struct.unpack_from(f"{order}I", tiff, 4)
    (count,) = struct.unpack_from(f"{order}H", tiff, start)
    for number in range(min(count, 200)):
        tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * number)
        if tag == _ORIENTATION:
            return int(value) if 1 <= value <= 8 else 1
    return 1


def _upright(turned: int) -> bytes:
    """An Exif segment that says how the picture is held, and nothing else."""
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, turned, 0, 0)
    body = b"Exif\0\0" + tiff
    return struct.pack(">BBH", 0xFF, _EXIF, len(body) + 2) + body


def _png(content: bytes) -> bytes:
    kept, at = bytearray(_PNG), len(_PNG)
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        chunk = content[at : at + 12 + length]
        if len(chunk) < 12 + length:
            raise ValueError("a chunk is cut off")
        if chunk[4:8] not in _TELLING:
            kept += chunk
        at += 12 + length
    return bytes(kept)
