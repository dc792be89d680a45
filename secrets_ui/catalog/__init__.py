"""The catalog: what one credential sees of an organization's secrets, without a value, ready to search.

`reading` fetches all of them, `store` keeps them in the cache, `snapshot` makes one state ready for
questions, `search` finds, `sifting` filters and sorts, and `current` is what the pages ask.
"""
