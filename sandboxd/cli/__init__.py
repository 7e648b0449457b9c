"""Commands for people and scripts: one literal table, lazy imports, stdout is data and stderr is narration."""
