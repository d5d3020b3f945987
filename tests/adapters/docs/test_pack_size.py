"""The expanded size of packs, which is checked before anything is expanded."""

import io
import zlib

import pytest
from dulwich.object_format import SHA1
from dulwich.objects import Blob
from dulwich.pack import pack_objects_to_data, write_pack_data
from hypothesis import given
from hypothesis import strategies as st

from jobs.docs.adapters.git.pack_size import check_expanded_size
from jobs.kit.errors import UpstreamError

GIGABYTE = 2**30
OBJECT_BYTES = 512
OFFSET_DELTA = 6


def number(value: int) -> bytes:
    """Encode a number of a delta: 7 bits a byte, the lowest first."""
    head, rest = value & 127, value >> 7
    return bytes([head | 128]) + number(rest) if rest else bytes([head])


def an_object(kind: int, size: int, compressed: bytes, *, base: bytes = b"") -> bytes:
    head = kind << 4 | size & 15
    rest = number(size >> 4) if size >> 4 else b""
    return bytes([head | (128 if rest else 0)]) + rest + base + compressed


def a_pack(*objects: bytes) -> io.BytesIO:
    return io.BytesIO(b"PACK\0\0\0\2" + len(objects).to_bytes(4) + b"".join(objects) + b"0" * 20)


@given(st.lists(st.binary(max_size=200), unique=True, max_size=8))
def test_pack_is_accepted_up_to_its_exact_size(contents) -> None:
    pack = io.BytesIO()
    blobs = [(Blob.from_string(each), None) for each in contents]
    count, records = pack_objects_to_data(blobs, deltify=False)
    write_pack_data(pack.write, records, num_records=count, object_format=SHA1)
    size = sum(map(len, contents)) + OBJECT_BYTES * len(contents)

    check_expanded_size(pack, size)
    if contents:
        with pytest.raises(UpstreamError):
            check_expanded_size(pack, size - 1)


def test_object_that_declares_more_is_refused_and_not_expanded() -> None:
    pack = a_pack(an_object(3, GIGABYTE, b"not compressed data"))

    with pytest.raises(UpstreamError, match=r"^The repository is too large$"):
        check_expanded_size(pack, GIGABYTE)


def test_object_that_expands_to_more_than_it_declares_is_malformed() -> None:
    pack = a_pack(an_object(3, 10, zlib.compress(b"0" * 11)))

    with pytest.raises(ValueError, match="larger than declared"):
        check_expanded_size(pack, GIGABYTE)


def test_result_of_delta_counts() -> None:
    delta = number(5) + number(GIGABYTE) + b"\x90\x05"
    base = an_object(3, 5, zlib.compress(b"small"))
    small = an_object(OFFSET_DELTA, len(delta), zlib.compress(delta), base=b"\x81\x10")

    with pytest.raises(UpstreamError):
        check_expanded_size(a_pack(base, small), GIGABYTE)
    check_expanded_size(a_pack(base, small), GIGABYTE + 10_000)


@pytest.mark.parametrize("cut", range(1, 60, 4))
def test_pack_cut_short_is_malformed(cut) -> None:
    whole = a_pack(an_object(3, 300, zlib.compress(bytes(range(100)) * 3))).getvalue()

    with pytest.raises(ValueError, match="ends early"):
        check_expanded_size(io.BytesIO(whole[: -20 - cut]), GIGABYTE)
