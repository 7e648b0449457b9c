"""sandboxd: an AWS account for every tenant, complete model-bank sandboxes in it."""

__version__ = "0.1.0"
