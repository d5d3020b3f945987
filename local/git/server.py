"""Serve one repository over HTTP, without git itself.

usage: GIT_CREDENTIALS=user:password python -m local.git.server SOCKET_FD FOLDER NAME

Clones need no credentials, pushes do. FOLDER is a bare repository or the .git of another, NAME the
path of its URL. Pushes from shallow clones that git itself made are not supported.
"""

import os
import secrets
import socket
import sys
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any, Final, cast, override
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from dulwich.errors import NotGitRepository
from dulwich.object_store import commit_tree_changes
from dulwich.objects import Blob, Commit, ObjectID, Tree
from dulwich.refs import HEADREF, DiskRefsContainer, Ref
from dulwich.repo import Repo
from dulwich.server import Backend, BackendRepo, ReceivePackHandler
from dulwich.web import make_wsgi_chain

from local.git.own_repository import is_checked_out
from local.kit.foreign_pages import find_refusal

REPOSITORY_NAME: Final = "demo-docs.git"
MAIN: Final = Ref(b"refs/heads/main")
PAGES: Final = Path(__file__).with_name("demo_docs")
COMMITTED_AT: Final = 1_767_225_600  # fixed, so that the first commit has the same id everywhere


def create_repository(folder: Path) -> None:
    """Create the demo repository: a few pages of documentation, in one commit on main."""
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
    commit.author_time = commit.commit_time = COMMITTED_AT
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding, commit.message = b"UTF-8", b"The first pages\n"
    store.add_object(commit)
    repo.refs[MAIN] = commit.id
    repo.refs.set_symbolic_ref(HEADREF, MAIN)
    repo.close()


class Refs(DiskRefsContainer):
    """Reports a lost race as an error: dulwich's server ignores the result, and reports "ok"."""

    @override
    def set_if_equals(self, *args: Any, **kwargs: Any) -> bool:
        if not super().set_if_equals(*args, **kwargs):
            raise OSError("the branch has moved")
        return True


class ReceivePack(ReceivePackHandler):
    """Refuses, as git's own server does, to change a branch below the files of a working tree."""

    @override
    def _on_update(self, ref_name: Ref, old_sha: ObjectID, new_sha: ObjectID) -> bytes | None:
        if is_checked_out(Path(cast("Repo", self.repo).commondir()), ref_name):
            return b"the branch is checked out: switch to another"
        return super()._on_update(ref_name, old_sha, new_sha)


class OneRepository(Backend):
    """Opens the repository for one request: an open repository is not safe for threads."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._opened = ExitStack()

    @override
    def open_repository(self, path: str) -> BackendRepo:
        if os.fsdecode(path).strip("/") != self._name:  # for pushes, path is in bytes
            raise NotGitRepository(path)
        repo = self._opened.enter_context(Repo(str(self._folder)))
        repo.refs = Refs(repo.controldir())
        return cast("BackendRepo", repo)

    def close(self) -> None:
        self._opened.close()


HANDLERS: Final[dict[bytes, Callable[..., Any]]] = {b"git-receive-pack": ReceivePack}


def create_app(folder: Path, name: str) -> WSGIApplication:
    def respond(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        with closing(OneRepository(folder, name)) as backend:
            yield from make_wsgi_chain(backend, handlers=HANDLERS)(environ, start_response)

    return respond


def require_credentials(app: WSGIApplication, credentials: str) -> WSGIApplication:
    """Wrap an app to reject pushes without these credentials, `user:password`."""
    expected = f"Basic {b64encode(credentials.encode()).decode()}"

    def respond(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        is_push = "git-receive-pack" in environ["PATH_INFO"] + environ.get("QUERY_STRING", "")
        given = environ.get("HTTP_AUTHORIZATION", "")
        if is_push and not secrets.compare_digest(given.encode(), expected.encode()):
            start_response("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="git"')])
            return [b"pushes need credentials\n"]
        return app(environ, start_response)

    return respond


def refuse_foreign_pages(app: WSGIApplication) -> WSGIApplication:
    """Wrap an app to refuse requests of foreign web pages."""

    def respond(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        sent = ((k[5:].replace("_", "-"), v) for k, v in environ.items() if k.startswith("HTTP_"))
        if refusal := find_refusal(sent):
            start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
            return [f"{refusal}\n".encode()]
        return app(environ, start_response)

    return respond


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


def create_server(
    bound: socket.socket,
    app: WSGIApplication,
    handler: type[WSGIRequestHandler] = WSGIRequestHandler,
) -> Server:
    """Create a server that listens on a bound socket."""
    server = Server(bound.getsockname(), handler, bind_and_activate=False)
    server.socket.close()
    server.socket = bound
    server.server_name, server.server_port = bound.getsockname()
    server.setup_environ()
    server.set_app(app)
    server.server_activate()
    return server


def main(descriptor: int, folder: Path, name: str, credentials: str) -> None:
    app = require_credentials(create_app(folder, name), credentials)
    server = create_server(socket.socket(fileno=descriptor), refuse_foreign_pages(app))
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], os.environ["GIT_CREDENTIALS"])
