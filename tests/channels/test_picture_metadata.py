"""A photograph keeps its picture and loses where and when it was taken."""

from __future__ import annotations

import struct
import zlib

import pytest

from bot.channels.web.picture_metadata import without_metadata

WHERE = b"39.9042N 116.4074E 2026:11:02 08:00:00 SERIAL123"


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def exif(order: str, turned: int) -> bytes:
    head = b"II*\0" if order == "<" else b"MM\0*"
    entries = struct.pack(f"{order}IHHHIHH", 8, 1, 0x0112, 3, 1, turned, 0)
    return segment(0xE1, b"Exif\0\0" + head + entries + struct.pack(f"{order}I", 0) + WHERE)


TABLES, SCAN = segment(0xDB, b"q" * 65), segment(0xDA, b"s" * 10) + b"\x01\x02\xff\xd9"
JFIF, COLOURS = segment(0xE0, b"JFIF\0" + b"0" * 9), segment(0xE2, b"ICC_PROFILE\0colours")


def jpeg(*parts: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(parts) + SCAN


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("turned", [1, 6, 8])
def test_a_jpeg_keeps_how_it_is_held_and_nothing_else(order: str, turned: int) -> None:
    taken = jpeg(JFIF, exif(order, turned), segment(0xED, WHERE), segment(0xFE, WHERE), COLOURS, TABLES)
    clean = without_metadata(taken)
    assert WHERE not in clean and b"SERIAL" not in clean
    assert clean.endswith(JFIF + COLOURS + TABLES + SCAN)
    assert (b"Exif" in clean) == (turned != 1)
    assert without_metadata(clean) == clean


def test_what_is_all_segments_is_no_photograph_and_is_left_as_it_is() -> None:
    for many, read in ((9_000, True), (10_001, False)):
        sent = jpeg(segment(0xFE, WHERE), segment(0xDB, b"") * (many - 1))
        assert (WHERE not in without_metadata(sent)) == read


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_a_png_loses_its_texts() -> None:
    picture = (chunk(b"IHDR", b"h" * 13), chunk(b"IDAT", b"d" * 20), chunk(b"IEND", b""))
    start = b"\x89PNG\r\n\x1a\n"
    taken = start + picture[0] + chunk(b"tEXt", WHERE) + chunk(b"eXIf", WHERE) + b"".join(picture[1:])
    assert without_metadata(taken) == start + b"".join(picture)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe1\xff\xff short",
        b"\xff\xd8\xff\xe1\x00\x00",
        jpeg(segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff")),
        b"\xff\xd8no segment",
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIDAT",
        b"#!AMR\nsound",
    ],
)
def test_what_cannot_be_read_is_left_as_it_is(content: bytes) -> None:
    assert without_metadata(content) == content
