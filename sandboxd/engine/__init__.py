"""Carries out one step and never forgets: intent, call, outcome, resolution, waiting; and the reads around it."""
