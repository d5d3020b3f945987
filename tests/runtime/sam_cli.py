"""Print the containers and routes that `sam local` would create. Runs in the SAM CLI's Python.

usage: python sam_cli.py TEMPLATE FUNCTION …

The output is JSON: `containers` by function, for `sam local invoke`, and `routes` of `sam local
start-api`.
"""

import json
import sys
from typing import Any

from samcli.commands.local.cli_common.invoke_context import InvokeContext
from samcli.commands.local.lib.local_api_service import LocalApiService
from samcli.local.lambdafn.runtime import LambdaRuntime
from samcli.local.layers.layer_downloader import LayerDownloader


class Docker:
    """Builds no image and creates no container, but records the requests."""

    def __init__(self, downloader: LayerDownloader) -> None:
        self._downloader = downloader
        self._layers: list[str] = []
        self.requested: dict[str, Any] = {}

    def build(self, runtime: str, _type: str, _image: str, layers: Any, *_: Any, **__: Any) -> str:
        self._layers = [layer.codeuri for layer in self._downloader.download_all(layers)]
        return runtime

    def get_config(self, _image: str) -> dict[str, Any]:
        return {}

    def create(self, container: Any, _context: Any) -> None:
        attributes = vars(container)
        self.requested = {
            "code": attributes["_host_dir"],
            "environment": attributes["_env_vars"],
            "layers": self._layers,
        }


class Context(InvokeContext):
    docker: Docker

    def _get_container_manager(self, *_: Any) -> None:
        """Return none: no container runs."""

    @property
    def lambda_runtime(self) -> LambdaRuntime:
        self.docker = Docker(LayerDownloader("/nowhere", self.get_cwd(), self.stacks))
        return LambdaRuntime(self.docker, self.docker)


def plan_container(context: Context, function: str) -> dict[str, Any]:
    runner = context.local_lambda_runner
    config = runner.get_invoke_config(runner.get_function(function))
    runner.local_runtime.create(config, container_host_interface="127.0.0.1")
    return context.docker.requested


def main(template: str, *functions: str) -> None:
    with Context(template_file=template, aws_region="eu-central-1") as context:
        api = LocalApiService(
            context,
            port=0,
            host="127.0.0.1",
            static_dir=None,
            disable_authorizer=True,
            ssl_context=None,
        ).api_provider.api
        planned = {
            "containers": {function: plan_container(context, function) for function in functions},
            "routes": [
                [route.function_name, method, route.path]
                for route in api.routes
                for method in route.methods
            ],
        }
    json.dump(planned, sys.stdout)


main(*sys.argv[1:])
