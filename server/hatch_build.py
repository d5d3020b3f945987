"""Build the wheel from the whole project: the layer, the functions, the pages of the APIs."""

import json
import sys
from pathlib import Path
from typing import Any

import drf_spectacular_sidecar
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SWAGGER_UI = "static/drf_spectacular_sidecar/swagger-ui-dist"


class ProjectHook(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        server = Path(self.root)
        project = server.parent
        sys.path.insert(0, str(project))
        from scripts.server_template import extract  # noqa: PLC0415 - of the project

        template = server / "src/sortie_server/template.json"
        template.write_text(json.dumps(extract(project / "template.yaml")))
        swagger_ui = Path(drf_spectacular_sidecar.__file__ or "").parent / SWAGGER_UI
        files = ("swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt", "swagger-ui.css")
        pages = project / "layers/openapi/openapi_files"
        build_data["force_include"] |= {
            str(template): "sortie_server/template.json",
            str(project / "layers/jobs/jobs"): "jobs",
            str(project / "functions"): "sortie_server/functions",
            str(project / "scripts/registry_file.py"): "scripts/registry_file.py",
            str(project / "scripts/registry_load.py"): "scripts/registry_load.py",
            **{str(swagger_ui / name): f"openapi_files/{name}" for name in files},
            **{str(file): f"openapi_files/{file.name}" for file in pages.glob("[p_]*.*")},
            str(project / "docs/openapi"): "openapi_files/documents",
        }
