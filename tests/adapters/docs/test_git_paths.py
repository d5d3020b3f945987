"""The paths that a documentation agent may use."""

import posixpath
from unicodedata import category

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobs.docs.adapters.git.paths import check_path
from jobs.docs.errors import PathRefusedError

PARTS = st.sampled_from([
    "docs", "a.mdx", "..", ".", "", " ", ".git", ".GIT", ".Git ", ".git.", "git~1", "GIT~2",
    ".git:x", ".git::$INDEX_ALLOCATION", ".g\u200cit", "C:", "x\\..", "...", "é", "~", ".gitignore",
    "-rf", "a b", "\0", "\n", "\ud800", "CON", "docs ", "hooks",
]) | st.text(max_size=8)  # fmt: skip


@pytest.mark.parametrize("path", [
    "docs/a.mdx", "docs/a/b/c.md", "docs/.gitignore", "docs/.github/x.yml", "docs/a b/ü 🐎.mdx",
    "docs/...a", "docs/-x", "docs/git", "docs/git~a", "docs/x.git", "docs/a'b;$(c)",
    "docs/" + "x" * 255,
    "docs/\u0645\u06cc\u200c\u062e\u0648.md", "docs/全角\u3000空白.mdx",
    "docs/👨\u200d👩\u200d👧.mdx",
    "docs/cafe\u0301.mdx", "docs/a\xa0b", "docs/\u202b\u0639\u202c", "docs/\ue000",
    "docs/\U0001fae9", "docs/\u2028", "docs/हिन्दी/क्\u200dष.md",
])  # fmt: skip
def test_path_below_folder_is_accepted(path) -> None:
    assert check_path(path, "docs") == path
    assert check_path(path, "/docs/") == path
    assert check_path(path, "") == path


@pytest.mark.parametrize("path", [
    "", "/", "docs", "docs/", "docs//a", "/docs/a", "//docs/a", "docs/../a", "../docs/a",
    "docs/./a", "./docs/a", "docs/..", "docs/.", "docs\\a", "docs/..\\..\\a", "C:/docs/a",
    "C:docs", "c:\\a",
    "docs/.git/config", "docs/.GIT/x", "docs/.giT/x", "docs/git~1/x", "docs/GIT~1", "docs/git~12/x",
    "docs/.git ", "docs/.git./x", "docs/.git . ./x", "docs/.git:x",
    "docs/.git::$INDEX_ALLOCATION/x",
    "docs/.git :x", "docs/.g\u200cit/x", "docs/\u2060.git/x", "docs/.git\u200d/config", "docs/a\0b",
    "docs/a\nb", "docs/a\x85b", "docs/a\x1b[0m", "docs/\ufeff.git/x", "docs/\ud800", "docs/a\x7f",
    "docs/a/ ", "docs/a ", "docs/a.", "docs/...",
    ".git/x",
    "docs/" + "x" * 256, "docs/" + "é" * 128, "docs/" + "x/" * 500 + "x",
    "docsx/a", "Docs/a", "other/a", "a", "docs.json",
])  # fmt: skip
def test_path_invalid_is_refused_with_reason(path) -> None:
    with pytest.raises(PathRefusedError) as error:
        check_path(path, "docs")

    assert str(error.value)
    assert "\0" not in str(error.value)
    str(error.value).encode()


@given(st.lists(PARTS, max_size=6).map("/".join))
@example("docs/.git\u200b/config")
def test_path_any_text_stays_in_folder_and_out_of_git(path) -> None:
    try:
        passed = check_path(path, "docs")
    except PathRefusedError:
        return

    assert passed == path == posixpath.normpath(path)
    assert path.startswith("docs/")
    for part in path.casefold().split("/"):
        shown = "".join(c for c in part if category(c) != "Cf").split(":")[0].rstrip(". ")
        assert shown not in {"", "..", ".git", "git~1"}
