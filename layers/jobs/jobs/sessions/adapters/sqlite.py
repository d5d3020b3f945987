"""Sessions, their messages and turns in a SQLite database."""

from collections.abc import Iterable, Iterator, Sequence
from sqlite3 import Connection, Row
from typing import Final, override

from jobs.core.adapters.sqlite.jobs import SqliteJobRepository
from jobs.core.ids import earliest_id
from jobs.core.job import Job, JobRef
from jobs.core.kind import Storages
from jobs.core.ports import IdempotencyKey
from jobs.kit.clock import Clock, Millis
from jobs.kit.sqlite.database import Database, Schema
from jobs.kit.sqlite.page import MAX_BYTES, MAX_ITEMS, take_page
from jobs.kit.sqlite.rows import put_row
from jobs.messaging.message import session_of
from jobs.sessions.adapters.rows import (
    message_from_row,
    message_to_row,
    session_from_row,
    session_to_row,
)
from jobs.sessions.errors import SessionNotFoundError, StaleSessionError
from jobs.sessions.session import (
    MAX_SESSION_MINUTES,
    MINUTE,
    SESSION_RETENTION,
    ChatMessage,
    ChatSession,
    Messages,
    SessionCounts,
    SessionPage,
    Turn,
    Window,
    answer_in,
    question_in,
)

_PAGE_SIZE: Final = 20
_LAST: Final = "~"  # sorts after every id
_NEVER: Final[Millis] = 2**62

SCHEMA: Final = Schema(
    "sessions",
    (
        """
        CREATE TABLE sessions (
            tenant TEXT NOT NULL,
            id TEXT NOT NULL,
            agent_id TEXT NOT NULL,
            user_id TEXT NOT NULL,
            channel_id TEXT NOT NULL,
            metadata TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            active_at INTEGER NOT NULL,
            renewed_at INTEGER NOT NULL,
            last_message_at INTEGER NOT NULL,
            sent INTEGER NOT NULL,
            renewals INTEGER NOT NULL,
            timeout INTEGER NOT NULL,
            auto_renew INTEGER NOT NULL,
            max_duration INTEGER NOT NULL,
            warning INTEGER NOT NULL,
            version INTEGER NOT NULL,
            ends_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            PRIMARY KEY (tenant, id)
        ) STRICT;
        CREATE INDEX sessions_by_expiry ON sessions (expires_at);

        CREATE TABLE session_messages (
            tenant TEXT NOT NULL,
            session TEXT NOT NULL,
            at INTEGER NOT NULL,
            is_agent INTEGER NOT NULL,
            job_id TEXT NOT NULL,
            id TEXT NOT NULL,
            author_id TEXT NOT NULL,
            content TEXT NOT NULL,
            metadata TEXT NOT NULL,
            expires_at INTEGER NOT NULL,
            PRIMARY KEY (tenant, session, at, is_agent, job_id)
        ) STRICT;
        CREATE INDEX session_messages_by_expiry ON session_messages (expires_at);

        CREATE TABLE session_turns (
            tenant TEXT NOT NULL,
            session TEXT NOT NULL,
            at INTEGER NOT NULL,
            ended INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            PRIMARY KEY (tenant, session)
        ) STRICT;
        CREATE INDEX session_turns_by_expiry ON session_turns (expires_at);
        """,
    ),
    expiring=("sessions", "session_messages", "session_turns"),
)


class SqliteSessions:
    def __init__(self, database: Database, jobs: SqliteJobRepository, clock: Clock) -> None:
        database.create(SCHEMA)
        self._database = database
        self._jobs = jobs
        self._clock = clock

    def create(self, session: ChatSession) -> None:
        self._database.write(lambda db: _put_session(db, session))

    def get(self, tenant: str, session_id: str) -> ChatSession:
        found = self._database.read(
            lambda db: db.execute(
                "SELECT * FROM sessions WHERE (tenant, id) = (?, ?) AND expires_at > ?",
                (tenant, session_id, self._clock()),
            ).fetchone()
        )
        if found is None:
            raise SessionNotFoundError(session_id)
        return _to_session(found)

    def save(self, session: ChatSession) -> None:
        def replace(db: Connection) -> None:
            stored = db.execute(
                "SELECT version FROM sessions WHERE (tenant, id) = (?, ?)",
                (session.tenant, session.id),
            ).fetchone()
            if stored is None or stored["version"] != session.version - 1:
                raise StaleSessionError(session.id)
            _put_session(db, session)

        self._database.write(replace)

    def send(self, session: ChatSession, job: Job, key: IdempotencyKey | None = None) -> JobRef:
        def store(db: Connection) -> JobRef:
            if key is None or not self._jobs.has_key(job.tenant, job.kind, key.value):
                self.save(session)
                _put_message(db, session.tenant, session.id, question_in(job), session.gone_at)
            return self._jobs.add(job, key)

        return self._database.write(store)

    def active(self, tenant: str, *, limit: int, after: str | None = None) -> SessionPage:
        now = self._clock()
        first = earliest_id(now - MAX_SESSION_MINUTES * MINUTE)
        rows, more = self._database.read(
            lambda db: take_page(
                db.execute(
                    "SELECT * FROM sessions WHERE tenant = ? AND id >= ? AND id < ?"
                    " AND ends_at > ? ORDER BY id DESC",
                    (tenant, first, after or _LAST, now),
                ),
                size_of=lambda row: len(row["metadata"].encode()),
                limit=limit,
            )
        )
        return SessionPage(
            sessions=[*map(_to_session, rows)], next=rows[-1]["id"] if more else None
        )

    def count_active(self, tenant: str) -> SessionCounts:
        now = self._clock()
        sessions = self.active(tenant, limit=MAX_ITEMS).sessions
        expiring = sum(each.is_near_expiration(now) for each in sessions)
        return SessionCounts(active=len(sessions), expiring=expiring)

    def page(self, tenant: str, session_id: str, window: Window) -> Messages:
        order = "at, is_agent" if window.oldest else "at DESC, is_agent DESC"
        after = -1 if window.after is None else window.after
        before = _NEVER if window.before is None else window.before
        return self._database.read(
            lambda db: _take_messages(
                db.execute(
                    "SELECT * FROM session_messages WHERE (tenant, session) = (?, ?)"
                    f" AND at > ? AND at < ? ORDER BY {order}",
                    (tenant, session_id, after, before),
                ),
                window,
            )
        )

    def questions(
        self, tenant: str, session_id: str, *, before: Millis | None = None
    ) -> Iterator[ChatMessage]:
        last = _NEVER if before is None else before
        while page := self._messages(tenant, session_id, "at < ? ORDER BY at DESC", last):
            yield from page
            last = page[-1].at

    def questions_since(
        self, tenant: str, session_id: str, *, after: Millis
    ) -> Iterator[ChatMessage]:
        while page := self._messages(tenant, session_id, "at > ? ORDER BY at", after):
            yield from page
            after = page[-1].at

    def _messages(
        self, tenant: str, session_id: str, where: str, at: Millis
    ) -> Sequence[ChatMessage]:
        """Return a page of the user's messages; each has its own time."""
        found = self._database.read(
            lambda db: db.execute(
                "SELECT * FROM session_messages"
                f" WHERE (tenant, session, is_agent) = (?, ?, 0) AND {where} LIMIT ?",
                (tenant, session_id, at, _PAGE_SIZE),
            ).fetchall()
        )
        return [*map(_to_message, found)]

    def answers(self, tenant: str, session_id: str, *, limit: int) -> Sequence[ChatMessage]:
        found = self._database.read(
            lambda db: db.execute(
                "SELECT * FROM session_messages WHERE (tenant, session, is_agent) = (?, ?, 1)"
                " ORDER BY at DESC LIMIT ?",
                (tenant, session_id, limit),
            ).fetchall()
        )
        return [*map(_to_message, found)][::-1]

    def turn(self, tenant: str, session_id: str) -> Turn:
        found = self._database.read(
            lambda db: db.execute(
                "SELECT at, ended FROM session_turns WHERE (tenant, session) = (?, ?)",
                (tenant, session_id),
            ).fetchone()
        )
        return Turn(at=found["at"], ended=found["ended"]) if found else Turn()

    def save_turn(self, tenant: str, session_id: str, turn: Turn) -> None:
        self._database.write(
            lambda db: db.execute(
                "INSERT INTO session_turns VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " at = excluded.at, ended = excluded.ended, expires_at = excluded.expires_at"
                " WHERE at < excluded.at",
                (tenant, session_id, turn.at, turn.ended, turn.at + SESSION_RETENTION),
            )
        )

    def close(self, session: ChatSession) -> None:
        self._database.write(
            lambda db: db.execute(
                "DELETE FROM sessions WHERE (tenant, id) = (?, ?)", (session.tenant, session.id)
            )
        )

    def delete_messages(self, tenant: str, session_id: str) -> None:
        def delete(db: Connection) -> None:
            for table in ("session_messages", "session_turns"):
                db.execute(
                    f"DELETE FROM {table} WHERE (tenant, session) = (?, ?)",
                    (tenant, session_id),
                )

        self._database.write(delete)


class SqliteChatJobs(SqliteJobRepository):
    """The workers' jobs: an answer is stored as a message of its session with its job."""

    def __init__(self, database: Database, clock: Clock, storages: Storages) -> None:
        super().__init__(database, clock, storages)
        database.create(SCHEMA)

    @override
    def save(self, job: Job, *, replacing: Job) -> None:
        session_id = session_of(job)
        answer = None if session_id is None else answer_in(job)
        if session_id is None or answer is None:
            super().save(job, replacing=replacing)
            return

        def store(db: Connection) -> None:
            SqliteJobRepository.save(self, job, replacing=replacing)
            is_open = db.execute(
                "SELECT 1 FROM sessions WHERE (tenant, id) = (?, ?)", (job.tenant, session_id)
            ).fetchone()
            if is_open:
                gone_at = job.created_at + SESSION_RETENTION
                _put_message(db, job.tenant, session_id, answer, gone_at)

        self._database.write(store)


def _put_message(
    db: Connection, tenant: str, session_id: str, message: ChatMessage, gone_at: Millis
) -> None:
    put_row(
        db,
        "session_messages",
        {
            "tenant": tenant,
            "session": session_id,
            "is_agent": int(message.is_agent),
            **message_to_row(message),
            "expires_at": gone_at,
        },
    )


def _put_session(db: Connection, session: ChatSession) -> None:
    put_row(
        db,
        "sessions",
        {
            "tenant": session.tenant,
            "id": session.id,
            **session_to_row(session),
            "last_message_at": session.last_message_at,
            "expires_at": session.gone_at,
        },
    )


def _to_session(row: Row) -> ChatSession:
    return session_from_row(dict(row))


def _to_message(row: Row) -> ChatMessage:
    return message_from_row(dict(row), is_agent=bool(row["is_agent"]))


def _take_messages(rows: Iterable[Row], window: Window) -> Messages:
    """Return a page. Messages of one time stay together: the next page begins after this time."""
    found: list[ChatMessage] = []
    size, more = 0, False
    for row in rows:
        size += len(row["content"].encode()) + len(row["metadata"].encode())
        full = len(found) >= window.limit or size > MAX_BYTES
        if full and found and row["at"] != found[-1].at:
            more = True
            break
        found.append(_to_message(row))
    return Messages(messages=found[::-1] if window.oldest else found, more=more)
