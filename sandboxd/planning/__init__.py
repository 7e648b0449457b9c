"""What an account desires and which steps may start. Pure: a graph of rows, three rules, no clock, no loop, no AWS.

1. A step may raise a resource when everything that the states it enters require is there.
2. It may lower it when nothing that is there, may be there, or is being entered requires what it leaves.
3. What stands firmly on ground of another generation is lowered and raised again; what stands loosely is rebound by
   one step once its ground is there.
"""
