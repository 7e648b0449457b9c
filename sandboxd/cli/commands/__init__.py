"""What the rows of the table carry out, by theme."""
