"""The full evaluation as the twin of a history: asked for again only after something changed."""

from sandboxd.planning.planner import Planner


class Remembering(Planner):
    """The full evaluation, done once for each change that is told."""

    remembered = None

    def view(self):
        self.remembered = self.remembered or super().view()
        return self.remembered

    def touch(self, key):
        self.remembered = None
        super().touch(key)

    def set_root(self, *what):
        self.remembered = None
        super().set_root(*what)

    def add(self, row):
        self.remembered = None
        super().add(row)

    def drop(self, key):
        self.remembered = None
        super().drop(key)
