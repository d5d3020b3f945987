"""Start MiniStack. usage: python -m local.cloud.emulator AUTHORIZER"""

import sys

from ministack.app import main  # type: ignore[import-not-found]

from local.cloud.emulator.archives import unpack_once
from local.cloud.emulator.broker import authorize, stay_on_this_machine
from local.cloud.emulator.expressions import check_once
from local.cloud.emulator.gateway_responses import tell_the_time

if __name__ == "__main__":
    stay_on_this_machine()
    tell_the_time()
    unpack_once()
    check_once()
    authorize(sys.argv.pop(1))
    main()
