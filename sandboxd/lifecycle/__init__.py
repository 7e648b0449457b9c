"""The table of sandbox states and `decide`: what an actor's message changes. Pure: no AWS, clock, loop or store."""
