"""What speaks to the daemon: pure descriptions of operations, and two thin drivers (stdlib for the CLI, httpx2 for the dashboard)."""
