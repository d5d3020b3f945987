"""Start MiniStack. usage: python -m local.cloud.emulator AUTHORIZER_PREFIX"""

import os
import sys
from pathlib import Path

from ministack import app  # type: ignore[import-not-found]

from local.cloud.emulator.api_roles import call_functions_by_role
from local.cloud.emulator.app_clients import take_given_credentials
from local.cloud.emulator.archives import share_unpacked_archives
from local.cloud.emulator.broker import bind_to_loopback, enforce_policies
from local.cloud.emulator.calls import record_calls
from local.cloud.emulator.expressions import cache_syntax_checks, refuse_reserved_words
from local.cloud.emulator.gateway_responses import respond_as_api_gateway
from local.cloud.emulator.iot_sql import add_functions
from local.cloud.emulator.limits import enforce_limits
from local.cloud.emulator.permissions import complete_permissions
from local.cloud.emulator.unrouted_messages import refuse_unrouted_messages
from local.cloud.emulator.worker_logs import await_worker_logs
from local.cloud.emulator.workers import fork_workers
from local.kit.foreign_pages import refuse_foreign_pages

if __name__ == "__main__":
    bind_to_loopback()
    respond_as_api_gateway()
    call_functions_by_role()
    refuse_unrouted_messages()
    share_unpacked_archives()
    take_given_credentials()
    cache_syntax_checks()
    add_functions()
    refuse_reserved_words()
    await_worker_logs()
    fork_workers()
    if folder := os.environ.get("CALLS_FOLDER"):
        record_calls(Path(folder))
    complete_permissions()
    enforce_limits()
    enforce_policies(sys.argv.pop(1))
    app.app = refuse_foreign_pages(app.app)  # by itself, it lets every web page call AWS
    app.main()
