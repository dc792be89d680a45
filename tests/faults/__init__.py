"""What the pages say while the API misbehaves, held against what really happened.

server       a small HTTP server on loopback that can go wrong in the middle of anything
kinds/       the ways to go wrong, one small object each
truth        the emulator behind the server: what really happened
operations   what a person does on the pages, and what each page claims afterwards
cells        one kind of fault in one operation, and the rules that every cell must keep
report       the cells as a table

`make faults` prints the table; `make soak` runs the long versions.
"""

import os

SOAK = os.environ.get("SOAK") == "on"
