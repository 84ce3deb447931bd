"""Reading what a form posts, within bounds. Uploads stay in memory: nothing personal goes to a file."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from bot.channels.bodies import read_within
from bot.channels.web.notice import NotTaken

FORM_BYTES = 1024 * 1024
FILE_BYTES = 10 * 1024 * 1024
UPLOAD_BYTES = FILE_BYTES + 64 * 1024  # the file and the few fields around it
TEXT_CHARACTERS = 4096


async def read(request: Request, limit: int, too_large: str) -> bytes:
    """The whole body. Raises NotTaken(413, too_large) beyond `limit` bytes, never holding more than that."""
    body = await read_within(request, limit)
    if body is None:
        raise NotTaken(413, too_large)
    return body


async def read_form(request: Request) -> dict[str, str]:
    """Fields of an ordinary form, a repeated one once. Line ends become \\n, NUL a replacement mark."""
    body = await read(request, FORM_BYTES, "page.error.big")
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise NotTaken(400, "page.error.press") from error
    return {name: _plain(value) for name, value in pairs}


async def read_upload(request: Request) -> tuple[dict[str, str], bytes, str]:
    """Fields, the file's bytes (empty when none was chosen) and the type that the browser declares."""
    body = await read(request, UPLOAD_BYTES, "page.error.file_big")
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise NotTaken(400, "page.error.file_none")
    parser = MultiPartParser(request.headers, _once(body), max_files=1, max_fields=20)
    parser.spool_max_size = UPLOAD_BYTES + 1  # never rolls over to a file on disk
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise NotTaken(400, "page.error.file_none") from error
    try:
        fields = {name: _plain(value) for name, value in form.items() if isinstance(value, str)}
        sent = form.get("file")
        content, declared = (
            (await sent.read(), sent.content_type) if isinstance(sent, UploadFile) else (b"", "")
        )
    finally:
        await form.close()
    if len(content) > FILE_BYTES:
        raise NotTaken(413, "page.error.file_big")
    return fields, content, declared or ""


def _plain(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\x00", "\ufffd")


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
