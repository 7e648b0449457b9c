"""Witnesses: recorded answers of real AWS, and moto, hold the simulator to what AWS does."""
