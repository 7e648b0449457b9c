"""The words of the project as frozen structs, and the error tree. Imports nothing of the other floors."""
