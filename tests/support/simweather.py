"""Weather that does as a test tells it, in the place of the seed."""

from sandboxd.simulator.consistency import LAG, Haze, Weather


class ScriptedWeather(Weather):
    """`haze`: seconds after a row is made; `late`: of every change; `dies`, `happens`: always or never."""

    def __init__(self, haze=None, late=0.0, dies=False, happens=False):
        super().__init__(0)
        self._haze, self._late, self._dies, self._happens = haze or {}, late, dies, happens

    def haze(self, now):
        moments = {k: now + v if k != "lag" else v for k, v in self._haze.items()}
        return Haze(**({"seen_from": now} | moments)) if moments else None

    def late(self, now, most=LAG):
        return min(self._late, most)

    def dies(self, now):
        return self._dies

    def happens(self, now):
        return self._happens
