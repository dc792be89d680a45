"""The peer of the search page: Django's own admin over the same secrets in SQLite, a throw-away project.

As `startproject` makes it, but for DEBUG; served by gunicorn as the dashboard is.
"""
