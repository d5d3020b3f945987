"""Change the code in small ways (mutants), and report the changes that no quick test notices.

usage: python -m tests.mutants [PART ...]   (`core/job.py`, `payments`; by default everything)

`[tool.mutmut]` in pyproject.toml selects code and tests. Results stay in .local/mutants: a run
tests new mutants and those that survived before. The run fails if too few mutants are killed, or
if survivors and survivors.toml differ.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
STAGE: Final = ROOT / ".local" / "mutants"
SURVIVORS: Final = Path(__file__).with_name("survivors.toml")
MUTMUT: Final = Path(sys.executable).with_name("mutmut")
MIN_KILLED_PERCENT: Final = 90
NOT_RUN: Final = "not checked"
KILLED: Final = {"killed", "timeout"}

# mutmut reads a module's name from its path, so the package has to be in the current folder.
LINKS: Final = {
    "pyproject.toml": "pyproject.toml",
    "jobs": "layers/jobs/jobs",
    "events": "events",
    **{
        f"tests/{each}": f"tests/{each}"
        for each in (
            "conftest.py",
            "support.py",
            "payments.py",
            "equipment",
            "fakes",
            "unit",
            "handlers",
        )
    },
}
IMPORTED: Final = (".", "functions", "layers/openapi", "client/src")


def main(parts: list[str]) -> int:
    stage()
    before = read_results()
    mutmut("run", "--max-children", "2", *map(to_pattern, parts))
    if not parts and (survivors := list_survivors(before)):
        mutmut("run", "--max-children", "2", *survivors)  # new tests may kill them
    results = read_results()
    chosen = tuple("jobs." + to_module(each) for each in parts) or ("jobs.",)
    return report({name: each for name, each in results.items() if name.startswith(chosen)})


def to_module(part: str) -> str:
    return part.removesuffix(".py").strip("/").replace("/", ".") + "."


def to_pattern(part: str) -> str:
    return f"jobs.{to_module(part)}*"


def stage() -> None:
    shutil.rmtree(STAGE / "mutants" / "tests", ignore_errors=True)  # it would keep deleted tests
    # mutmut records which tests call a function, and would not look at known tests again.
    (STAGE / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)
    for link, target in LINKS.items():
        path = STAGE / link
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(ROOT / target)


def mutmut(*arguments: str, quiet: bool = False) -> str:
    completed = subprocess.run(
        [MUTMUT, *arguments],
        cwd=STAGE,
        env=os.environ
        | {"CI": "true", "PYTHONPATH": os.pathsep.join(str(ROOT / each) for each in IMPORTED)},
        stdout=subprocess.PIPE if quiet else None,
        text=True,
        check=True,
    )
    return completed.stdout or ""


def read_results() -> dict[str, str]:
    if not (STAGE / "mutants").exists():
        return {}
    lines = mutmut("results", "--all", "true", quiet=True).splitlines()
    return dict(line.strip().split(": ", 1) for line in lines)  # type: ignore[misc]


def list_survivors(results: dict[str, str]) -> list[str]:
    return [name for name, each in results.items() if each not in KILLED | {NOT_RUN}]


def report(results: dict[str, str]) -> int:
    """Print the ratio of each module, and the survivors that differ from the listed ones."""
    print("\nkilled / mutants")
    modules = Counter(name.rpartition(".")[0] for name in results)
    killed = Counter(name.rpartition(".")[0] for name, each in results.items() if each in KILLED)
    for module, count in sorted(modules.items()):
        print(f"{killed[module]:5} / {count:<5} {100 * killed[module] / count:4.0f} %  {module}")
    percent = 100 * killed.total() / max(modules.total(), 1)
    print(f"{killed.total():5} / {modules.total():<5} {percent:4.1f} %")

    listed = {(each["file"], each["change"].strip()) for each in read_listed()}
    found = {read_change(name) for name in list_survivors(results)}
    files = {f"{module.removeprefix('jobs.').replace('.', '/')}.py" for module in modules}
    unlisted = found - listed
    stale = {each for each in listed - found if each[0] in files}
    for title, changes in (("unlisted survivors", unlisted), ("listed, but killed", stale)):
        for file, change in sorted(changes):
            print(f"\n{title}: {file}\n{change}")
    not_run = sum(each == NOT_RUN for each in results.values())
    if not_run:
        print(f"{not_run} mutants have not run")
    return int(percent < MIN_KILLED_PERCENT or bool(unlisted or stale or not_run))


def read_listed() -> list[dict[str, str]]:
    listed: list[dict[str, str]] = tomllib.loads(SURVIVORS.read_text())["survivor"]
    return listed


def read_change(mutant: str) -> tuple[str, str]:
    """Return a mutant's file and changed lines: its name holds a number that edits change."""
    lines = mutmut("show", mutant, quiet=True).splitlines()
    file = next(line for line in lines if line.startswith("--- ")).removeprefix("--- jobs/")
    changed = [line for line in lines if line[:1] in "-+" and line[:3] not in ("---", "+++")]
    return file, "\n".join(f"{line[0]} {line[1:].strip()}" for line in changed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
