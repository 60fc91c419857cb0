"""Trouble on demand: which requests it meets (``plan``) and what it does (``answering``, ``editing``)."""
