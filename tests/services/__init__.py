"""Real servers for tests, each on a free loopback port and stopped when its `with` block ends."""
