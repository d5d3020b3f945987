"""Start MiniStack. usage: python -m local.emulator AUTHORIZER"""

import sys

from ministack.app import main  # type: ignore[import-not-found]

from local.emulator.archives import unpack_once
from local.emulator.broker import authorize, stay_on_this_machine
from local.emulator.expressions import check_once
from local.emulator.gateway_responses import tell_the_time

if __name__ == "__main__":
    stay_on_this_machine()
    tell_the_time()
    unpack_once()
    check_once()
    authorize(sys.argv.pop(1))
    main()
