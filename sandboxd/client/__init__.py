"""What speaks to the daemon: pure descriptions of operations, and two thin drivers.

`stdlib` serves the CLI, `aio` the dashboard; both raise what is in `errors`, neither knows the daemon's inside.
"""
