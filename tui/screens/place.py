"""What all places of the dashboard share: the bars around, keys out of the registry, and drawing again on demand."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui import actions, bars
from tui.actions import Context, Place
from tui.state import State, Tab
from tui.widgets.keybar import KeyBar
from tui.widgets.text import Toned

if TYPE_CHECKING:
    from tui.dashboard import Dashboard

Changes = Mapping[Tab, Mapping[str, None]]


def bindings(place: Place) -> list[BindingType]:
    """The keys of a place, from the registry."""
    return [Binding(",".join(one.keys), f"act('{one.id}')", one.label, show=False) for one in actions.at(place)]


class PlaceScreen(Screen[None]):
    """A place with a top bar, a banner and a bar of keys."""

    place: ClassVar[Place]

    @property
    def dashboard(self) -> "Dashboard":
        """The application."""
        return cast("Dashboard", self.app)

    @property
    def state(self) -> State:
        """What is known."""
        return self.dashboard.state

    def context(self) -> Context:
        """What an action would act on."""
        return Context(self.state)

    def crumb(self) -> str:
        """Where we are, for the top bar."""
        return ""

    def draw(self, changes: Changes | None) -> None:
        """Draw what changed, unless we are still being put up or already being taken down; None: all may have."""
        if all(self.query(f"#{name}") for name in ("top", "banner", "keys")):
            self.redraw(changes)

    def redraw(self, changes: Changes | None) -> None:
        """Draw what changed."""
        raise NotImplementedError

    def draw_bars(self) -> None:
        """Top bar, banner and keys."""
        width = self.size.width
        self.query_one("#top", Toned).say(bars.top(self.state, width, self.crumb()))
        banner = self.query_one("#banner", Toned)
        lines = bars.banner(self.state) if self.state.view.epoch else []
        banner.display = bool(lines)
        banner.say(*lines)
        self.draw_keys()

    def draw_keys(self) -> None:
        """The bar of keys: what can be done depends on where the cursor is."""
        self.query_one(KeyBar).say(bars.keys(self.place, self.context(), self.size.width))

    def on_mount(self) -> None:
        """Draw for the first time."""
        self.call_after_refresh(self.draw, None)

    def on_screen_resume(self) -> None:
        """We are in front again; what happened meanwhile was not drawn."""
        self.call_after_refresh(self.draw, None)

    def on_resize(self) -> None:
        """Everything is elsewhere."""
        self.call_after_refresh(self.draw, None)

    def action_act(self, identifier: str) -> None:
        """Do an action of the registry, or say why it cannot be done; a key from before a dialog came does nothing."""
        if self.app.screen is not self:
            return
        obstacle = actions.by_id(identifier).why_not(self.context())
        if obstacle is not None:
            self.dashboard.tell(obstacle)
        elif not self.do(identifier):
            self.dashboard.perform(identifier, self.context())

    def do(self, identifier: str) -> bool:
        """Do what only this place can do; whether it did."""
        raise NotImplementedError
