"""Check the expanded size of a pack before dulwich expands it into memory.

A megabyte of a pack can expand to gigabytes, by compression or by deltas. The pack declares all
sizes, and neither zlib here nor dulwich expands more than these. This reads the pack once, and
keeps none of it. https://git-scm.com/docs/gitformat-pack
"""

import zlib
from typing import BinaryIO, Final

from jobs.kit.errors import FailureClass, UpstreamError

_HEADER_BYTES: Final = 12
_HASH_BYTES: Final = 20
_OFFSET_DELTA: Final = 6
_REFERENCE_DELTA: Final = 7
_CHUNK_BYTES: Final = 2**16
_MAX_INFLATED_BYTES: Final = 2**20
_MAX_SIZES_BYTES: Final = 20
"""Of the two numbers at the start of a delta: the size of its base, and of its result."""
_OBJECT_BYTES: Final = 512
"""The memory of any object, also of an empty one."""


def check_expanded_size(pack: BinaryIO, limit: int) -> None:
    """Raises `UpstreamError` if the objects need more bytes, `ValueError` for a malformed pack."""
    pack.seek(0)
    count = int.from_bytes(pack.read(_HEADER_BYTES)[8:])
    reader = _Reader(pack)
    for _ in range(count):
        kind, size = reader.read_object_header()
        limit -= size + _OBJECT_BYTES
        if limit >= 0:
            first = reader.inflate(size)
            if kind in {_OFFSET_DELTA, _REFERENCE_DELTA}:
                limit -= _parse_result_size(first)
        if limit < 0:
            raise UpstreamError("The repository is too large", FailureClass.QUOTA)


class _Reader:
    def __init__(self, pack: BinaryIO) -> None:
        self._pack = pack
        self._buffer = b""
        self._at = 0

    def read_object_header(self) -> tuple[int, int]:
        """Return the type of the next object, and its size or that of its delta."""
        byte = self._read_byte()
        kind, size, shift = byte >> 4 & 7, byte & 15, 4
        while byte & 128:
            byte = self._read_byte()
            size |= (byte & 127) << shift
            shift += 7
        if kind == _OFFSET_DELTA:
            while self._read_byte() & 128:
                pass
        elif kind == _REFERENCE_DELTA:
            for _ in range(_HASH_BYTES):
                self._read_byte()
        return kind, size

    def inflate(self, size: int) -> bytes:
        """Skip compressed data that expands to `size` bytes, and return its first bytes."""
        stream, left, first = zlib.decompressobj(), size, b""
        data = self._take_rest()
        while not stream.eof:
            data = data or self._read_chunk()
            part = stream.decompress(data, min(left + 1, _MAX_INFLATED_BYTES))
            data = stream.unconsumed_tail
            left -= len(part)
            if left < 0:
                raise ValueError("an object is larger than declared")
            first = first or part
        self._buffer, self._at = stream.unused_data, 0
        return first

    def _read_byte(self) -> int:
        if self._at == len(self._buffer):
            self._buffer, self._at = self._read_chunk(), 0
        self._at += 1
        return self._buffer[self._at - 1]

    def _take_rest(self) -> bytes:
        return self._buffer[self._at :]

    def _read_chunk(self) -> bytes:
        if chunk := self._pack.read(_CHUNK_BYTES):
            return chunk
        raise ValueError("the pack ends early")


def _parse_result_size(delta: bytes) -> int:
    """Return the second number of a delta."""
    numbers, shift = [0, 0], 0
    at = 0
    for byte in delta[:_MAX_SIZES_BYTES]:
        numbers[at] |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            at, shift = at + 1, 0
            if at == len(numbers):
                return numbers[1]
    raise ValueError("a delta without sizes")
