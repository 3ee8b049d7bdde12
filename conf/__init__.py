"""The Hydra configuration: groups are folders, choices are files (`--config-dir` adds to them)."""
