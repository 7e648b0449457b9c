"""Screens: they arrange widgets, read the state and turn keys into actions. They never talk to the daemon themselves."""
