"""The plan: what the next run of a site would do, worked out without doing it.

``upstream.py`` reads what changed since the marks as a run would, ``working.py`` lays it over the
stored rows and asks the functions that a run asks, ``entries.py`` keeps the answers in order,
``making.py`` puts the three together, and ``holding.py`` compares plans and what became of them.
"""
