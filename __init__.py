"""ptool: personalised tool invocation, simulated, verified and measured."""

__version__ = "0.1.0"
