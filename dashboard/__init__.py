"""The cloud in a browser: a Flask application that is a client of the APIs and owns no tables.

Port 8088. Run: python -m dashboard api

Each folder of `panels/` is one part of the navigation; `panel.py` says how one is made.
`cloud.py` is the only module
that talks to the APIs, with the token of the person who is logged in.
"""
