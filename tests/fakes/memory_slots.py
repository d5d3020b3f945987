"""In-memory slots; tests/adapters checks their contract."""

from collections import defaultdict
from uuid import UUID

from jobs.core.job import JobRef
from jobs.core.slots import Release, Slot
from jobs.kit.clock import Clock, Millis

type Group = tuple[str, str, int]
_NUMBERS = 1000


class InMemorySlots:
    """`releases` is the table's stream. `group_size`: of the smallest groups."""

    def __init__(self, clock: Clock, group_size: int = _NUMBERS) -> None:
        self._clock = clock
        self._group_size = group_size
        self._taken: dict[Group, dict[int, tuple[Millis, str]]] = defaultdict(dict)
        self._waiting: dict[Group, dict[str, Millis]] = defaultdict(dict)
        self._latest: dict[Group, str] = {}
        self._tokens: dict[tuple[str, Millis], int] = {}
        self.releases: list[Release] = []

    def group_of(self, ref: JobRef, *, limit: int) -> int:
        return UUID(ref.id).int % self._groups(limit)

    def take(self, ref: JobRef, *, limit: int, until: Millis) -> Slot | None:
        group = self.group_of(ref, limit=limit)
        taken = self._live((ref.tenant, ref.kind, group))
        own = next((n for n, owner in taken.items() if owner == (until, ref.id)), None)
        free = own if own is not None else self._find_free(taken, group, limit)
        if free is None:
            return None
        self._taken[ref.tenant, ref.kind, group][free] = (until, ref.id)
        number = group * _NUMBERS + free
        return Slot(number, self._token(ref.id, until), again=own is not None)

    def release(self, ref: JobRef, slot: Slot) -> None:
        group, number = divmod(slot.number, _NUMBERS)
        key = (ref.tenant, ref.kind, group)
        if number not in self._taken[key]:
            return
        until, job_id = self._taken[key][number]
        if self._token(job_id, until) != slot.token:
            return
        del self._taken[key][number]
        if latest := self._latest.get(key):
            self.releases.append(
                Release(tenant=ref.tenant, kind=ref.kind, latest=latest, group=group)
            )

    def wait(self, ref: JobRef, *, until: Millis, limit: int) -> bool:
        group = self.group_of(ref, limit=limit)
        key = (ref.tenant, ref.kind, group)
        self._waiting[key][ref.id] = until
        self._latest[key] = ref.id
        return self._find_free(self._live(key), group, limit) is not None

    def leave(self, ref: JobRef, *, group: int) -> None:
        self._waiting[ref.tenant, ref.kind, group].pop(ref.id, None)

    def oldest(self, release: Release, *, max_age: Millis) -> JobRef | None:
        waiting = self._waiting[release.tenant, release.kind, release.group]
        live = sorted(each for each, until in waiting.items() if until > self._clock())
        return JobRef(tenant=release.tenant, kind=release.kind, id=live[0]) if live else None

    def stranded(self, release: Release, *, max_age: Millis) -> JobRef | None:
        key = (release.tenant, release.kind, release.group)
        holders = {job_id for _, job_id in self._live(key).values()}
        found = sorted(holders & self._waiting[key].keys())
        return JobRef(tenant=release.tenant, kind=release.kind, id=found[0]) if found else None

    def close(self, release: Release) -> None:
        key = (release.tenant, release.kind, release.group)
        if self._latest.get(key) == release.latest:
            del self._latest[key]

    def count(self, tenant: str, kind: str) -> int:
        return sum(len(self._live(key)) for key in [*self._taken] if key[:2] == (tenant, kind))

    def _groups(self, limit: int) -> int:
        return max(1, limit // self._group_size)

    def _find_free(
        self, taken: dict[int, tuple[Millis, str]], group: int, limit: int
    ) -> int | None:
        size = (limit + group) // self._groups(limit)
        return next((n for n in range(size) if n not in taken), None)

    def _live(self, key: Group) -> dict[int, tuple[Millis, str]]:
        return {n: owner for n, owner in self._taken[key].items() if owner[0] > self._clock()}

    def _token(self, job_id: str, until: Millis) -> int:
        return self._tokens.setdefault((job_id, until), len(self._tokens))
