"""The demo: a made-up business on a simulated Recurly, pulled through the real road, living on.

``command.py`` is ``tenure demo``; ``start.py`` is the story it tells. The simulated Recurly
(``upstream.py``) and the set-up inside the database (``prepare.py``) are programs of their own.
"""
