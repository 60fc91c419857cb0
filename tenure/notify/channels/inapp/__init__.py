"""Telling members within Tenure: the bell and its page."""
