"""Widgets that draw: lines of text in tones, nothing else. They hold no truth and ask nobody."""
