"""Git hosts on this machine: the local stack's, and git's own `http-backend`."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler

import pytest
from dulwich.object_store import commit_tree_changes
from dulwich.objects import Blob, Commit, ObjectID, Tree
from dulwich.refs import HEADREF
from dulwich.repo import Repo

from local.git.server import REPOSITORY_NAME, create_app, create_server, require_credentials
from local.kit.network import bind_port

CREDENTIALS = "ada:a-password-to-be-kept"
PLAIN = 0o100644


class Origin:
    """A bare repository, accessed on its host."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        repo = Repo.init_bare(folder, mkdir=True)
        repo.refs.set_symbolic_ref(HEADREF, b"refs/heads/main")
        repo.close()
        self.url = ""
        self.before_push: list[Callable[[], None]] = []

    def commit(self, branch: str, files: dict[str, Any]) -> ObjectID:
        """Commit files to a branch: a text, None to delete, or a (mode, object) pair."""
        with Repo(str(self.folder)) as repo:
            store, ref = repo.object_store, f"refs/heads/{branch}".encode()
            parent = repo.refs.follow(ref)[1]
            tree = store[store[parent].tree] if parent else Tree()
            changes = []
            for path, content in files.items():
                if isinstance(content, str | bytes):
                    raw = content if isinstance(content, bytes) else content.encode()
                    blob = Blob.from_string(raw)
                    store.add_object(blob)
                    content = (PLAIN, blob.id)  # noqa: PLW2901
                changes.append((path.encode(), *(content or (None, None))))
            made = Commit()
            made.tree = commit_tree_changes(store, tree, changes)
            made.parents = [parent] if parent else []
            made.author = made.committer = b"Bob <bob@example.com>"
            made.author_time = made.commit_time = 1_767_225_600
            made.author_timezone = made.commit_timezone = 0
            made.message = b"theirs\n"
            store.add_object(made)
            repo.refs[ref] = made.id
            return made.id

    def set_head(self, target: bytes) -> None:
        """Let HEAD name a reference, or be a commit's id."""
        (self.folder / "HEAD").write_bytes(target + b"\n")

    def blob(self, content: bytes) -> ObjectID:
        with Repo(str(self.folder)) as repo:
            blob = Blob.from_string(content)
            repo.object_store.add_object(blob)
            return blob.id

    def delete_branch(self, branch: str) -> None:
        with Repo(str(self.folder)) as repo:
            del repo.refs[f"refs/heads/{branch}".encode()]

    def tip(self, branch: str) -> Commit | None:
        with Repo(str(self.folder)) as repo:
            ref = f"refs/heads/{branch}".encode()
            return repo[repo.refs[ref]] if ref in repo.refs else None

    def files(self, branch: str) -> dict[str, bytes]:
        with Repo(str(self.folder)) as repo:
            top = repo[repo.refs[f"refs/heads/{branch}".encode()]].tree
            entries = repo.object_store.iter_tree_contents(top)
            return {
                each.path.decode(): repo[each.sha].data for each in entries if each.mode != 0o160000
            }

    def modes(self, branch: str) -> dict[str, int]:
        with Repo(str(self.folder)) as repo:
            top = repo[repo.refs[f"refs/heads/{branch}".encode()]].tree
            return {e.path.decode(): e.mode for e in repo.object_store.iter_tree_contents(top)}


class Silent(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass

    def address_string(self) -> str:
        return "127.0.0.1"


@contextmanager
def hosted(origin: Origin, backend: str) -> Iterator[Origin]:
    app = {"dulwich": dulwich_app, "git": git_app}[backend](origin)

    def answer(environ: Any, respond: Any) -> Any:
        if environ["PATH_INFO"].endswith("/git-receive-pack") and origin.before_push:
            origin.before_push.pop(0)()
        return app(environ, respond)

    with serving(require_credentials(answer, CREDENTIALS)) as address:
        origin.url = f"{address}/{REPOSITORY_NAME}"
        yield origin


@contextmanager
def serving(app: Any) -> Iterator[str]:
    server = create_server(bind_port(0), app, Silent)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def dulwich_app(origin: Origin) -> Any:
    return create_app(origin.folder, REPOSITORY_NAME)


def git_app(origin: Origin) -> Any:
    """A WSGI app over git's CGI program `http-backend`."""
    if not which("git"):
        if os.environ.get("CI") == "true":
            pytest.fail("git is missing")
        pytest.skip("git is not installed here")

    def answer(environ: Any, respond: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        variables = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": "http.receivepack", "GIT_CONFIG_VALUE_0": "true",
            "GIT_CONFIG_KEY_1": "safe.directory", "GIT_CONFIG_VALUE_1": "*",
            "GIT_PROJECT_ROOT": str(origin.folder.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": environ["PATH_INFO"].replace(REPOSITORY_NAME, origin.folder.name),
            "QUERY_STRING": environ.get("QUERY_STRING", ""),
            "REQUEST_METHOD": environ["REQUEST_METHOD"],
            "CONTENT_TYPE": environ.get("CONTENT_TYPE", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": "127.0.0.1",
            "GIT_PROTOCOL": environ.get("HTTP_GIT_PROTOCOL", ""),
        }  # fmt: skip
        process = subprocess.run(
            ["git", "http-backend"], input=body, env=variables, capture_output=True, check=True
        )
        head, _, body = process.stdout.partition(b"\r\n\r\n")
        headers = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n")]
        status = dict(headers).get("Status", "200 OK")
        respond(status, [(name, value) for name, value in headers if name != "Status"])
        return [body]

    return answer
