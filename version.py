"""The version of ptool, as pyproject.toml has it."""

VERSION = "0.1.0"
