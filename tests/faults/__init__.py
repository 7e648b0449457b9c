"""Fault schedules: whole lives of sandboxes in a world whose daemon dies and whose AWS fails, judged by what AWS has."""
