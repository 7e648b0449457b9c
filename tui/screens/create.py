"""The form that creates a sandbox, and onboards its tenant first where that is new. It shows the plan while it is filled in."""

import asyncio
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Select
from textual.widgets.select import NoSelection

from sandboxd.client import ops
from sandboxd.client.errors import ClientError, DaemonDown
from sandboxd.wire import things
from sandboxd.wire.requests import PlanRequest
from sandboxd.wire.text import safe_text
from tui import form, intention, planned
from tui.feed import Backend
from tui.form import Filled
from tui.intention import Accepted, Intention, Refused
from tui.screens.dialog import Dialog
from tui.state import OVER, State
from tui.widgets.text import Toned
from tui.widgets.toggle import Toggle
from tui.words import Piece

NEW: Final = "+"
_SETTLE: Final = 0.3
"""real seconds after the last key before a plan is asked for"""
_WAIT: Final = 20.0
_WIDTH: Final = 92
_FRAME: Final = 6
"""the form, and what of it is its frame; as the stylesheet has it"""


class Create(Dialog[str | None]):
    """Fill in, look at the plan, create; dismissed with the id of the new sandbox, or None."""

    BINDINGS: ClassVar = [
        ("escape", "leave", "Close"),
        ("down", "app.focus_next", ""),
        ("up", "app.focus_previous", ""),
    ]

    def __init__(self, *, state: State, backend: Backend, tenant: str = "") -> None:
        super().__init__()
        self._state, self._backend, self._tenant = state, backend, tenant
        self._onboarding, self._creating = Intention(), Intention()
        self._sending = self._warned = False
        self._profile = ""

    # ---- the form
    def compose(self) -> ComposeResult:
        """A row per field; those of the profile's parameters come with the profile."""
        tenants = sorted(one.name for one in self._state.view.tenants.values() if one.state == "active")
        chosen = self._tenant if self._tenant in tenants else (tenants[0] if tenants else NEW)
        profiles = [one.name for one in self._state.profiles]
        with VerticalScroll(id="form"):
            yield Toned(id="title")
            with Horizontal(classes="row"):
                yield _label("Tenant")
                options = [(Content(safe_text(name)), name) for name in tenants] + [(Content("+ a new tenant"), NEW)]
                yield Select(options, value=chosen, allow_blank=False, compact=True, id="tenant")
            with Horizontal(classes="row", id="new-tenant-row"):
                yield _label("  its name")
                yield Input(id="new-tenant", compact=True, placeholder="a short name", max_length=40)
                yield Toned(id="new-tenant-note", classes="field-note")
            with Horizontal(classes="row", id="email-row"):
                yield _label("  e-mail")
                yield Input(id="email", compact=True, placeholder="a person's, for notices", max_length=254)
                yield Toned(id="email-note", classes="field-note")
            with Horizontal(classes="row"):
                yield _label("Name")
                yield Input(id="name", compact=True, placeholder="a short name", max_length=40)
                yield Toned(id="name-note", classes="field-note")
            with Horizontal(classes="row"):
                yield _label("Profile")
                first = "model-bank" if "model-bank" in profiles else next(iter(profiles), Select.NULL)
                listed = [(Content(safe_text(name)), name) for name in profiles]
                yield Select(listed, value=first, allow_blank=not profiles, compact=True, id="profile")
            yield Toned(id="summary")
            yield Vertical(id="parameters")
            with Horizontal(classes="row"):
                yield _label("Lifetime")
                yield Input(id="ttl", compact=True, placeholder="for ever, or 8h, 2d", max_length=12)
                yield Toned(id="ttl-note", classes="field-note")
            yield Toned(id="preview")
            yield Toned(id="outcome")
            with Horizontal(id="buttons"):
                yield Button("Close", id="no", compact=True)
                yield Button("Create", id="yes", variant="primary", compact=True)

    def on_mount(self) -> None:
        """The first empty field has the focus."""
        self.put("title", [Piece("New sandbox", "strong")])
        self._mark_focus()
        self.begin_at("new-tenant" if self._is_new else "name")
        self._changed()

    @property
    def _is_new(self) -> bool:
        return self.query_one("#tenant", Select).value == NEW

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _parameters(self) -> list[things.Parameter]:
        return next((one.parameters for one in self._state.profiles if one.name == self._profile), [])

    def _filled(self) -> tuple[Filled, list[str]]:
        """What is filled in, and what is wrong with it."""
        tenant = self.query_one("#tenant", Select).value
        filled = Filled(
            name=self._text("name"), tenant="" if tenant == NEW else str(tenant), new_tenant=self._text("new-tenant"),
            email=self._text("email"), profile=self._profile, ttl=self._text("ttl"),
        )  # fmt: skip
        notes = {
            "name": form.name_trouble(filled.name, self._state.taken_names(filled.tenant)),
            "ttl": form.ttl_trouble(filled.ttl),
        }
        if not filled.tenant:
            notes["new-tenant"] = form.tenant_trouble(
                filled.new_tenant, {one.name for one in self._state.view.tenants.values()}
            )
            notes["email"] = form.email_trouble(filled.email)
        for name, trouble in notes.items():
            self.query_one(f"#{name}-note", Toned).say([Piece(f" ✗ {trouble}", "bad")] if trouble else [])
        troubles = [trouble for trouble in notes.values() if trouble]
        return filled, troubles + self._take_parameters(filled)

    def _take_parameters(self, filled: Filled) -> list[str]:
        troubles = []
        for number, parameter in enumerate(self._parameters()):
            note = self.query_one(f"#p{number}-note", Toned)
            try:
                value = self._parameter(number, parameter)
            except ValueError as error:
                note.say([Piece(f" ✗ {error}", "bad")])
                troubles.append(str(error))
                continue
            note.say([Piece(f" {safe_text(parameter.help, 200)}", "dim")])
            if value != parameter.default:
                filled.parameters[parameter.name] = value
        return troubles

    def _parameter(self, number: int, parameter: things.Parameter) -> Any:
        if parameter.type == "boolean":
            return self.query_one(f"#p{number}", Toggle).value
        return form.parameter_value(parameter, self.query_one(f"#p{number}", Input).value)

    async def _choose_profile(self, name: str) -> None:
        """Put the fields of its parameters into the form; several changes at once end with the last one's."""
        profile = next((one for one in self._state.profiles if one.name == name), None)
        self.put("summary", [Piece(safe_text(profile.summary, 200) if profile else "", "dim")])
        rows = [_parameter_row(number, one) for number, one in enumerate(profile.parameters if profile else [])]
        holder = self.query_one("#parameters")
        self._profile = ""
        await holder.remove_children()
        if not self.is_attached:
            return
        await holder.mount_all(rows)
        self._mark_focus()
        self._profile = name

    # ---- while it is filled in
    def on_descendant_focus(self) -> None:
        """Another field."""
        self._mark_focus()

    def _mark_focus(self) -> None:
        """A sign before the field that keys go to: colours alone do not tell."""
        for label in self.query(_Label):
            here = label.parent is not None and self.focused is not None and label.parent in self.focused.ancestors
            label.say([Piece("▸ " if here else "  ", "accent"), Piece(label.name_, "strong" if here else "dim")])

    async def on_select_changed(self, event: Select.Changed) -> None:
        """Another profile has other parameters."""
        if event.select.id == "profile" and not isinstance(event.value, NoSelection):
            await self._choose_profile(str(event.value))
        self._changed()

    def on_input_changed(self) -> None:
        """Check while typing."""
        self._changed()

    def on_toggle_changed(self) -> None:
        """Another plan."""
        self._changed()

    def on_input_submitted(self) -> None:
        """Enter goes to the next field; when nothing is missing, to the button, which takes a second Enter."""
        filled, troubles = self._filled()
        if troubles or form.missing(filled):
            self.focus_next()
        else:
            self.query_one("#yes").focus()

    def _changed(self) -> None:
        for row in ("#new-tenant-row", "#email-row"):
            self.query_one(row).display = self._is_new
        filled, troubles = self._filled()
        gaps = form.missing(filled)
        self.query_one("#yes", Button).disabled = bool(troubles or gaps) or self._sending
        if self._sending:
            return
        if gaps:
            self._preview([[Piece(f"still to fill in: {', '.join(gaps)}", "dim")]])
        elif not troubles:
            self.run_worker(self._plan(filled), group="plan", exclusive=True)

    def _preview(self, lines: list[list[Piece]]) -> None:
        self.put("preview", [Piece("What would happen", "dim")], *lines)

    async def _plan(self, filled: Filled) -> None:
        if not filled.tenant:
            free = self._state.view.pool.available
            text = f"The tenant gets an account of its own; {free} in the pool. Its plan comes with it."
            self._preview([[Piece(text, "" if free else "warn")]])
            return
        await asyncio.sleep(_SETTLE)
        try:
            plan = await self._backend.call(ops.plan(PlanRequest(verb="create", sandbox=form.sandbox_request(filled))))
        except ClientError as error:
            problem = error.problem
            self._preview(intention.said(Refused(problem.code, problem.detail, problem.hint or "")))
        except (DaemonDown, TimeoutError) as error:
            self._preview([[Piece(f"no plan: {safe_text(str(error), 200)}", "dim")]])
        else:
            self._preview(planned.lines(plan, min(_WIDTH, self.size.width) - _FRAME))

    # ---- sending
    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Create, or leave."""
        if event.button.id == "no":
            self.action_leave()
            return
        filled, troubles = self._filled()
        if not self._sending and not troubles and not form.missing(filled):
            self._sending = True
            # else the focus would go to the next button, and an Enter too many would press that one
            self.set_focus(None)
            self._show_sending()
            self.run_worker(self._send(filled), group="send")

    def action_leave(self) -> None:
        """Close; while something is on its way, only when it is asked twice."""
        if self._sending and not self._warned:
            self._warned = True
            self._say([[Piece("It is on its way. esc once more closes this; what was accepted goes on.", "warn")]])
        else:
            self.dismiss(None)

    def _show_sending(self) -> None:
        for name in ("yes", "no", "tenant", "profile"):
            self.disable(name, disabled=self._sending)

    async def _send(self, filled: Filled) -> None:
        try:
            accepted = await self._onboard(filled) and await self._create(filled)
        finally:
            self._sending = self._warned = False
            self._show_sending()
        if isinstance(accepted, Accepted):
            self.dismiss(accepted.answer.target)
        else:
            self._changed()

    async def _onboard(self, filled: Filled) -> bool:
        """Onboard the tenant if it is new, and wait until it is; sent again with the same key it is the same operation."""
        request = form.tenant_request(filled)
        if request is None:
            return True
        self._say([[Piece(f"onboarding {request.name} …", "busy")]])
        outcome = await self._onboarding.send(self._backend, ops.onboard(request))
        if not isinstance(outcome, Accepted):
            self._say(intention.said(outcome) if outcome is not None else [])
            return False
        return await self._until_onboarded(outcome.answer)

    async def _until_onboarded(self, operation: things.Operation) -> bool:
        while operation.state not in OVER:
            try:
                operation = await self._backend.call(ops.wait(operation.id, _WAIT))
            except (DaemonDown, TimeoutError):
                self._say([[Piece("onboarding goes on; the daemon is away, waiting for it …", "warn")]])
                await asyncio.sleep(1)
            except ClientError as error:
                self._say([[Piece(f"✗ {safe_text(error.problem.detail)}", "bad")]])
                return False
        if operation.state != "succeeded":
            self._say([[Piece(f"✗ onboarding {operation.state}: {safe_text(operation.reason or '')}", "bad")]])
        return operation.state == "succeeded"

    async def _create(self, filled: Filled) -> Accepted | None:
        self._say([[Piece("sending …", "dim")]])
        outcome = await self._creating.send(self._backend, ops.create(form.sandbox_request(filled)))
        self._say(intention.said(outcome) if outcome is not None else [])
        return outcome if isinstance(outcome, Accepted) else None

    def _say(self, lines: list[list[Piece]]) -> None:
        self.put("outcome", *lines)


class _Label(Toned):
    """The name of a field."""

    def __init__(self, name: str) -> None:
        super().__init__(classes="label")
        self.name_ = name


def _label(name: str) -> _Label:
    return _Label(name)


def _parameter_row(number: int, parameter: things.Parameter) -> Horizontal:
    """A switch for a boolean, a line to type in for anything else."""
    if parameter.type == "boolean":
        entry: Toggle | Input = Toggle(value=bool(parameter.default), id=f"p{number}")
    else:
        kind = {"integer": "integer", "number": "number"}.get(parameter.type, "text")
        default = "" if parameter.default is None else safe_text(str(parameter.default), 80)
        entry = Input(default, id=f"p{number}", compact=True, max_length=200, placeholder=kind)
    note = Toned(id=f"p{number}-note", classes="field-note")
    return Horizontal(_label(f"  {safe_text(parameter.name, 24)}"), entry, note, classes="row")
