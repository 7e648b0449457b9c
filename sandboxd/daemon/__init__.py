"""Assembly: settings, the composition root, signals, logging. Everything is built here once and passed by keyword."""
