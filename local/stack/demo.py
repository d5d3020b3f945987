"""The demo registry's own parts."""

from local.git.launch import GitHost
from scripts.registry_file import RegistryFile


def serve_own_repository(file: RegistryFile, git: GitHost) -> RegistryFile:
    """Give the demo project the developer's own repository, if there is one."""
    if not git.own:
        return file
    own = {"repository": git.url, "defaultBranch": git.own.branch, "folder": ""}
    return file.model_copy(update={"projects": [file.projects[0].model_copy(update=own)]})
