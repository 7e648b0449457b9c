"""The dashboard: knows the client, the wire and the model; never the daemon, never Trio."""
