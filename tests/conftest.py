"""What holds for all tests."""

import signal


def pytest_configure() -> None:
    """A shell lets what it begins in the background ignore Ctrl-C, and tests interrupt what they begin."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
