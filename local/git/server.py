"""A git host of one repository, with a few pages of documentation in it. Needs no git.

usage: GIT_CREDENTIALS=user:password python -m local.git.server SOCKET_FD FOLDER

Anybody may clone; who pushes shows the credentials. The repository is bare, in FOLDER. Not
understood are pushes from clones that git itself made shallow.
"""

import os
import secrets
import socket
import sys
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any, Final, cast, override
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from dulwich.errors import NotGitRepository
from dulwich.object_store import commit_tree_changes
from dulwich.objects import Blob, Commit, Tree
from dulwich.refs import HEADREF, DiskRefsContainer, Ref
from dulwich.repo import Repo
from dulwich.server import Backend, BackendRepo
from dulwich.web import make_wsgi_chain

from local.kit.network import answers, bound
from local.kit.paths import ROOT
from local.kit.process import Part

NAME: Final = "demo-docs.git"
MAIN: Final = Ref(b"refs/heads/main")
USER: Final = "demo"
PAGES: Final = Path(__file__).with_name("demo_docs")
BIRTH: Final = 1_767_225_600  # the same first commit on every machine


@dataclass(frozen=True)
class GitHost:
    """The running server: where to clone from, and what opens it for pushes."""

    part: Part
    url: str
    user: str
    password: str


@contextmanager
def git_host(folder: Path) -> Iterator[GitHost]:
    """Serve a fresh copy of the demo repository until the end of the block."""
    password = secrets.token_urlsafe(24)
    with bound(0) as door:
        url = f"http://127.0.0.1:{door.getsockname()[1]}/{NAME}"
        part = Part(
            "the git server",
            [sys.executable, "-m", "local.git.server", str(door.fileno()), folder / NAME],
            env={"PYTHONPATH": str(ROOT), "GIT_CREDENTIALS": f"{USER}:{password}"},
            log=folder / "git.log",
            pass_fds=[door.fileno()],
        )
    with part:
        part.wait_until(lambda: answers(f"{url}/info/refs"))
        yield GitHost(part, url, USER, password)


def planted(folder: Path) -> None:
    """Make the repository, with one commit on main."""
    repo = Repo.init_bare(folder, mkdir=True)
    store, tree = repo.object_store, Tree()
    store.add_object(tree)
    changes = []
    for page in sorted(each for each in PAGES.rglob("*") if each.is_file()):
        blob = Blob.from_string(page.read_bytes())
        store.add_object(blob)
        changes.append((page.relative_to(PAGES).as_posix().encode(), 0o100644, blob.id))
    commit = Commit()
    commit.tree, commit.parents = commit_tree_changes(store, tree, changes), []
    commit.author = commit.committer = b"Demo <demo@example.com>"
    commit.author_time = commit.commit_time = BIRTH
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding, commit.message = b"UTF-8", b"The first pages\n"
    store.add_object(commit)
    repo.refs[MAIN] = commit.id
    repo.refs.set_symbolic_ref(HEADREF, MAIN)
    repo.close()


class Refs(DiskRefsContainer):
    """Tells of a lost race: dulwich's server looks for errors only, and reports "ok" to both."""

    @override
    def set_if_equals(self, *args: Any, **about: Any) -> bool:
        if not super().set_if_equals(*args, **about):
            raise OSError("the branch has moved")
        return True


class OneRepository(Backend):
    """The repository as it is opened, and closed, for one request: not for several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened = ExitStack()

    @override
    def open_repository(self, path: str) -> BackendRepo:
        if os.fsdecode(path).strip("/") != NAME:  # pushes name it in bytes
            raise NotGitRepository(path)
        repo = self._opened.enter_context(Repo(str(self._folder)))
        repo.refs = Refs(repo.controldir())
        return cast("BackendRepo", repo)

    def close(self) -> None:
        self._opened.close()


def application(folder: Path) -> WSGIApplication:
    def answer(environ: WSGIEnvironment, respond: StartResponse) -> Iterator[bytes]:
        with closing(OneRepository(folder)) as backend:
            yield from make_wsgi_chain(backend)(environ, respond)

    return answer


def guarded(app: WSGIApplication, credentials: str) -> WSGIApplication:
    """Let only those push who show the credentials."""
    expected = f"Basic {b64encode(credentials.encode()).decode()}"

    def answer(environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        pushes = "git-receive-pack" in environ["PATH_INFO"] + environ.get("QUERY_STRING", "")
        shown = environ.get("HTTP_AUTHORIZATION", "")
        if pushes and not secrets.compare_digest(shown.encode(), expected.encode()):
            respond("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="git"')])
            return [b"who are you?\n"]
        return app(environ, respond)

    return answer


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


def main(descriptor: int, folder: Path, credentials: str) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    planted(folder)
    serve(
        socket.socket(fileno=descriptor),
        guarded(application(folder), credentials),
    )


def serve(door: socket.socket, app: WSGIApplication) -> None:
    server = Server(door.getsockname(), WSGIRequestHandler, bind_and_activate=False)
    server.socket.close()
    server.socket = door
    server.server_name, server.server_port = door.getsockname()
    server.setup_environ()
    server.set_app(app)
    server.server_activate()
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), os.environ["GIT_CREDENTIALS"])
