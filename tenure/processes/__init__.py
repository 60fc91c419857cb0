"""Several programs as one: started together, kept alive, and always stopped within ten seconds.

Start at ``supervisor.py``. ``up.py`` is the whole product on one machine; the demo adds to it.
"""
