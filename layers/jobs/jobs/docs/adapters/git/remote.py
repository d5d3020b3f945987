"""A repository at its host: one branch fetched at depth 1, one branch pushed and never forced."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final, override

from dulwich.errors import SendPackError
from dulwich.object_store import MemoryObjectStore, ObjectStoreGraphWalker
from dulwich.objects import ObjectID, ShaFile
from dulwich.pack import pack_objects_to_data
from dulwich.refs import HEADREF, Ref

from jobs.docs.adapters.git.credentials import Credentials
from jobs.docs.adapters.git.meanings import protocol_error, push_error, read_push_words
from jobs.docs.adapters.git.pack_size import check_expanded_size
from jobs.docs.adapters.git.wire import GitHttp, Limits
from jobs.kit.errors import FailureClass, UpstreamError

if TYPE_CHECKING:
    from dulwich.pack import UnpackedObject

_SHA256_DIGITS: Final = 64
_HEADS: Final = b"refs/heads/"
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
            raise UpstreamError("The repository is too large", FailureClass.QUOTA)
        super().add_object(obj)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The start of work on a branch: the commit `base`.

    `tip` is the branch's commit, or None for a new branch. `default` is the default branch's
    commit, and `default_name` its name, if the fetch asked for them.
    """

    base: ObjectID
    tip: ObjectID | None
    default: ObjectID | None = None
    default_name: str | None = None


class RemoteBranch:
    def __init__(
        self, url: str, name: str, credentials: Credentials | None, limits: Limits
    ) -> None:
        self._client = GitHttp(url, credentials, limits)
        self._ref = _ref(name)
        self._head: Ref | None = None

    def fetch(self, store: Store) -> Start | None:
        """Fetch the branch without history, or return None. Raises `UpstreamError`."""
        tip = self._fetch(store, [self._ref]).get(self._ref)
        return Start(base=tip, tip=tip) if tip else None

    def fetch_or_default(self, store: Store, default: str | None) -> Start:
        """Fetch the branch without history, or else the default one.

        Without a name, the default is the branch that the repository's HEAD names. Raises
        `UpstreamError`.
        """
        default_ref = _ref(default) if default else HEADREF
        known = self._fetch(store, [self._ref, default_ref])
        tip, main = known.get(self._ref), known.get(default_ref)
        base = tip or main
        if base is None:
            raise self._without_default(default)
        name = default or (self._name_of_head(main) if main else None)
        return Start(base=base, tip=tip, default=main, default_name=name)

    def check(self, default: str | None) -> None:
        """Raises `UpstreamError` if the repository lacks branches, or the default one."""
        branches = self._branches()
        if not branches or (default and default not in branches):
            raise self._without_default(default)

    def _fetch(self, store: Store, choice: Sequence[Ref]) -> Mapping[Ref, ObjectID]:
        """Fetch the first of these branches that exists. Return the commits of all."""
        known: dict[Ref, ObjectID] = {}

        def wanted(refs: Mapping[Ref, ObjectID], depth: int | None = None) -> list[ObjectID]:
            if any(len(commit) == _SHA256_DIGITS for commit in refs.values()):
                raise UpstreamError(
                    "The repository has object ids of SHA-256, which Sortie does not read",
                    FailureClass.REFUSED,
                )
            known.update((ref, refs[ref]) for ref in choice if ref in refs)
            return [*known.values()][:1]

        with self._upstream_errors():
            file, keep, abandon = store.add_pack()
            try:
                fetched = self._client.fetch_pack(
                    "", wanted, ObjectStoreGraphWalker([], lambda _: []), file.write,
                    depth=1, ref_prefix=choice,
                )  # fmt: skip
                store.check_pack(file)
            except BaseException:
                abandon()
                raise
            keep()
        self._head = fetched.symrefs.get(HEADREF)
        return known

    def _name_of_head(self, commit: ObjectID) -> str | None:
        """Return the branch that HEAD names. Guess it as git does if the host does not tell."""
        if self._head and self._head.startswith(_HEADS):
            return self._head.removeprefix(_HEADS).decode(errors="replace")
        names = [name for name, tip in self._branches().items() if tip == commit]
        return min(names, key=lambda name: (name != "main", name != "master", name), default=None)

    def _without_default(self, name: str | None) -> UpstreamError:
        if not self._branches():
            reason = "The repository is empty. Push a first commit"
        elif name:
            reason = f"The repository has no branch {name}"
        else:
            reason = (
                "The repository's HEAD names no branch that exists. Name one by `defaultBranch` in"
                " the registry"
            )
        return UpstreamError(reason, FailureClass.NOT_FOUND)

    def _branches(self) -> Mapping[str, ObjectID]:
        with self._upstream_errors():
            found = self._client.get_refs("", ref_prefix=[_HEADS]).refs
        return {
            ref.removeprefix(_HEADS).decode(errors="replace"): commit
            for ref, commit in found.items()
            if commit and ref.startswith(_HEADS)
        }

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

        failure = self._send(update, packed)
        # Checks the result: a host may answer "ok" to a push that lost a race, and the response
        # may be lost.
        try:
            tip = self._tip()
        except UpstreamError as error:
            raise failure or error from None
        if tip == commit:
            return
        if tip != over:
            raise MovedError
        raise failure or push_error("")

    def _send(self, update: Any, packed: Any) -> UpstreamError | None:
        """Push, and return the host's refusal. Raises `MovedError`."""
        try:
            with self._upstream_errors():
                sent = self._client.send_pack("", update, packed)
            status = (sent.ref_status or {}).get(self._ref)
        except SendPackError as error:
            status = b" ".join(each for each in error.args if isinstance(each, bytes)).decode(
                errors="replace"
            )
        except UpstreamError as error:
            return error
        if status is None:
            return None
        words = read_push_words(self._client.remote_text(), status)
        return push_error(self._client.redact(words))

    @contextmanager
    def _upstream_errors(self) -> Iterator[None]:
        """Convert all errors of dulwich, also those of malformed responses, to `UpstreamError`."""
        try:
            yield
        except (UpstreamError, MovedError, SendPackError):
            raise
        except Exception as error:
            if words := self._client.last_error():
                raise protocol_error(words) from None
            raise UpstreamError(
                "The repository's host sent an invalid response",
                FailureClass.BAD_ANSWER,
                detail=self._client.redact(f"git host: {type(error).__name__}: {error}"),
            ) from error

    def _tip(self) -> ObjectID | None:
        with self._upstream_errors():
            return self._client.get_refs("", ref_prefix=[self._ref]).refs.get(self._ref)


def _ref(branch: str) -> Ref:
    return Ref(_HEADS + branch.encode())
