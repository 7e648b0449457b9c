"""Who is asking: peers of the Unix socket, later also tokens."""
