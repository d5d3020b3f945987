"""A repository at its host: one branch fetched at depth 1, one branch pushed and never forced."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, override

from dulwich.object_store import MemoryObjectStore, ObjectStoreGraphWalker
from dulwich.objects import ObjectID, ShaFile
from dulwich.pack import pack_objects_to_data
from dulwich.refs import Ref

from jobs.docs.adapters.git.credentials import Credentials
from jobs.docs.adapters.git.wire import GitHttp, Limits
from jobs.kit.errors import UpstreamError

if TYPE_CHECKING:
    from dulwich.pack import UnpackedObject

_MAX_STORE_BYTES: Final = 400 * 2**20


class MovedError(Exception):
    """The branch is not where it was when we looked."""


class Store(MemoryObjectStore):
    """Objects in memory, up to a limit: a pack may hold a thousand times its own size."""

    _room = _MAX_STORE_BYTES

    @override
    def add_object(self, obj: ShaFile) -> None:
        self._room -= obj.raw_length()
        if self._room < 0:
            raise UpstreamError("The repository is too large")
        super().add_object(obj)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The commit to begin at; `tip`: where the branch itself is, None if it is still to be made.

    `default`: where the default branch is, if that was asked for.
    """

    base: ObjectID
    tip: ObjectID | None
    default: ObjectID | None = None


class RemoteBranch:
    def __init__(
        self, url: str, name: str, credentials: Credentials | None, limits: Limits
    ) -> None:
        self._client = GitHttp(url, credentials, limits)
        self._ref = _ref(name)

    def fetch(self, store: Store, *, default: str | None = None) -> Start | None:
        """Get the branch, or the default one, without its past; None where there is neither.

        Raises `UpstreamError`.
        """
        choice = [self._ref, *([_ref(default)] if default else [])]
        found: list[tuple[Ref, ObjectID]] = []
        known: dict[Ref, ObjectID] = {}

        def wanted(refs: Mapping[Ref, ObjectID], depth: int | None = None) -> list[ObjectID]:
            found.extend((ref, refs[ref]) for ref in choice if ref in refs)
            known.update(refs)
            return [commit for _, commit in found[:1]]

        with _as_upstream_error():
            file, keep, abandon = store.add_pack()
            try:
                self._client.fetch_pack(
                    "", wanted, ObjectStoreGraphWalker([], lambda _: []), file.write,
                    depth=1, ref_prefix=choice,
                )  # fmt: skip
            except BaseException:
                abandon()
                raise
            keep()
            if not found and not self._client.get_refs("", ref_prefix=[b"refs/heads/"]).refs:
                raise UpstreamError("The repository is empty: there is no commit to begin at")
        if not found:
            return None
        ref, commit = found[0]
        return Start(
            base=commit,
            tip=commit if ref == self._ref else None,
            default=known.get(_ref(default)) if default else None,
        )

    def push(self, commit: ObjectID, objects: Iterable[ShaFile], *, over: ObjectID | None) -> None:
        """Put the branch onto a commit. `over` is where it is believed to be: None if nowhere.

        Raises `MovedError` if it is elsewhere, before or after; `UpstreamError` if the host will
        not have it.
        """
        sent = list({each.id: (each, None) for each in objects}.values())

        def update(refs: dict[Ref, ObjectID]) -> dict[Ref, ObjectID]:
            if refs.get(self._ref) != over:
                raise MovedError
            return {self._ref: commit}

        def packed(*_: Any, **__: Any) -> "tuple[int, Iterator[UnpackedObject]]":
            return pack_objects_to_data(sent)

        failure = None
        try:
            with _as_upstream_error():
                self._client.send_pack("", update, packed)
        except UpstreamError as error:
            failure = error
        # What hosts say of a push is not to be relied on: who lost a race may be told "ok", and
        # an answer may be lost.
        tip = self._tip()
        if tip == commit:
            return
        if tip != over:
            raise MovedError
        raise failure or UpstreamError("The repository's host refused the push")

    def _tip(self) -> ObjectID | None:
        with _as_upstream_error():
            return self._client.get_refs("", ref_prefix=[self._ref]).refs.get(self._ref)


def _ref(branch: str) -> Ref:
    return Ref(b"refs/heads/" + branch.encode())


@contextmanager
def _as_upstream_error() -> Iterator[None]:
    """Whatever a host's garbage leads dulwich to, `UpstreamError` is what it is to callers."""
    try:
        yield
    except (UpstreamError, MovedError):
        raise
    except Exception as error:
        raise UpstreamError("The repository's host could not be understood") from error
