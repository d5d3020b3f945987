"""A repository at its host: one branch fetched at depth 1, one branch pushed and never forced."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final, override

from dulwich.object_store import MemoryObjectStore, ObjectStoreGraphWalker
from dulwich.objects import ObjectID, ShaFile
from dulwich.pack import pack_objects_to_data
from dulwich.refs import Ref

from jobs.docs.adapters.git.credentials import Credentials
from jobs.docs.adapters.git.pack_size import check_expanded_size
from jobs.docs.adapters.git.wire import GitHttp, Limits
from jobs.kit.errors import UpstreamError

if TYPE_CHECKING:
    from dulwich.pack import UnpackedObject

_MAX_STORE_BYTES: Final = 400 * 2**20


class MovedError(Exception):
    """The branch has moved since the last fetch."""


class Store(MemoryObjectStore):
    """Objects in memory, up to a limit, because a small pack may expand a thousandfold."""

    _bytes_left = _MAX_STORE_BYTES

    def check_pack(self, pack: BinaryIO) -> None:
        """Raises `UpstreamError` if there is no room for the objects of a pack."""
        if size := pack.tell():
            check_expanded_size(pack, self._bytes_left)
            pack.seek(size)

    @override
    def add_object(self, obj: ShaFile) -> None:
        self._bytes_left -= obj.raw_length()
        if self._bytes_left < 0:
            raise UpstreamError("The repository is too large")
        super().add_object(obj)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The start of work on a branch: the commit `base`.

    `tip` is the branch's commit, or None for a new branch. `default` is the default branch's
    commit if the fetch included it.
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
        """Fetch the branch or else the default one, without history. Return None without either.

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
                store.check_pack(file)
            except BaseException:
                abandon()
                raise
            keep()
            if not found and not self._client.get_refs("", ref_prefix=[b"refs/heads/"]).refs:
                raise UpstreamError("The repository is empty. Push a first commit")
        if not found:
            return None
        ref, commit = found[0]
        return Start(
            base=commit,
            tip=commit if ref == self._ref else None,
            default=known.get(_ref(default)) if default else None,
        )

    def push(self, commit: ObjectID, objects: Iterable[ShaFile], *, over: ObjectID | None) -> None:
        """Set the branch to a commit. `over` is its expected commit, or None for a new branch.

        Raises `MovedError` if the branch is at another commit before or after the push, and
        `UpstreamError` if the git host refuses the push.
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
        # Checks the result: a host may answer "ok" to a push that lost a race, and the response
        # may be lost.
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
    """Convert all errors of dulwich, also those of malformed responses, to `UpstreamError`."""
    try:
        yield
    except (UpstreamError, MovedError):
        raise
    except Exception as error:
        raise UpstreamError("The repository's host sent an invalid response") from error
