"""What holds for all tests."""

import signal

from hypothesis import HealthCheck, settings

# How long an example takes is of the machine and its neighbours.
settings.register_profile("ptool", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ptool")


def pytest_configure() -> None:
    """A shell lets what it begins in the background ignore Ctrl-C, and tests interrupt what they begin."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
