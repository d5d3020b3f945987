import signal

import pytest

from local.stack.up import END_SIGNALS, Interrupted, handle_signals


@pytest.mark.parametrize("number", END_SIGNALS)
def test_signal_to_make_up_ends_it_once(number) -> None:
    before = {each: signal.getsignal(each) for each in END_SIGNALS}
    try:
        handle_signals()

        with pytest.raises(Interrupted):
            signal.raise_signal(number)
        for each in END_SIGNALS:
            signal.raise_signal(each)  # ignored during the cleanup
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
