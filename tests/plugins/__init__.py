"""Pytest plugins of this project, loaded by name in pyproject.toml before any settings are read."""
