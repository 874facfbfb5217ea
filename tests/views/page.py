"""A page that stands in for a notebook: it loads the built bundle as anywidget does, around a model of ours."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from victor_nb.journal import Event
from victor_nb.views.live import STATIC
from victor_nb.views.wire import wire

# The module comes from a blob and its default export is called once for the model: that is anywidget's way.
_PAGE = """<!doctype html><html><head><meta charset="utf-8"><style>%(css)s</style><style>%(theme)s</style></head>
<body %(body)s><button id="before">before</button><div id="cell"></div><button id="after">after</button>
<script id="source" type="text/plain">%(source)s</script>
<script>{
const listeners = {"msg:custom": new Set(), "comm_live_update": new Set(), "comm:close": new Set()};
const slots = new Set();
window.sent = [];
window.fire = (name, message) => [...listeners[name]].forEach((hear) => hear(message));
window.deliver = (message) => fire("msg:custom", message);
window.tellStatus = (status) => [...slots].forEach((slot) => slot(null, status));
window.heardBy = () => Object.values(listeners).reduce((sum, some) => sum + some.size, slots.size);
window.model = {
  on: (name, hear) => listeners[name].add(hear),
  off: (name, hear) => listeners[name].delete(hear),
  send: (message) => window.sent.push(message),
  widget_manager: {kernel: {statusChanged: {
    connect: (slot) => slots.add(slot),
    disconnect: (slot) => slots.delete(slot),
  }}},
};
const source = document.getElementById("source").textContent;
const url = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
window.ready = import(url).then((module) => {
  const widget = module.default();
  widget.initialize({model});
  window.mount = (el) => widget.render({model, el});
  window.unmount = window.mount(document.getElementById("cell"));
});
}</script></body></html>"""

JUPYTER_LIGHT = """body { --jp-ui-font-color1: rgba(0,0,0,.87); --jp-ui-font-color2: rgba(0,0,0,.54);
--jp-layout-color1: #fff; --jp-ui-font-family: system-ui, sans-serif; --jp-code-font-family: Menlo, Consolas,
'DejaVu Sans Mono', monospace; background: #fff; font-family: system-ui; }"""
JUPYTER_DARK = """body { --jp-ui-font-color1: rgba(255,255,255,.87); --jp-ui-font-color2: rgba(255,255,255,.54);
--jp-layout-color1: #111; --jp-ui-font-family: system-ui, sans-serif; --jp-code-font-family: Menlo, Consolas,
'DejaVu Sans Mono', monospace; background: #111; font-family: system-ui; }"""


class Exchange:
    """Carries messages between a view and a page with its widget.

    Args:
        kind: the view's class; what its views send from now on goes to the page.
    """

    def __init__(self, page: Any, monkeypatch: pytest.MonkeyPatch, kind: type[Any]) -> None:
        self._page, self._heard = page, 0
        self._out: list[dict[str, Any]] = []
        monkeypatch.setattr(kind, "send", lambda view, message, buffers=None: self._out.append(message))

    def open(self, widget: str, view: Any) -> None:
        """Show the widget; what was sent before is not for it."""
        self._out.clear()
        self._page.set_content(html(widget))
        self._page.evaluate("ready")
        self.settle(view)

    def wait(self) -> None:
        """Wait until the page says something that was not carried yet."""
        self._page.wait_for_function("count => sent.length > count", arg=self._heard)

    def settle(self, view: Any) -> None:
        """Carry messages both ways until nobody has anything to say."""
        while True:
            sent = self._page.evaluate("sent")
            news, self._heard = sent[self._heard :], len(sent)
            for message in news:
                view._hear(view, message, None)
            if not news and not self._out:
                return
            while self._out:
                self._page.evaluate("message => deliver(message)", json.loads(json.dumps(self._out.pop(0))))


def html(widget: str = "run_view", *, dark: bool = False, jupyter: bool = True) -> str:
    """The page with a widget; without `jupyter` it defines no colours of its own, as outside a notebook."""
    theme = (JUPYTER_DARK if dark else JUPYTER_LIGHT) if jupyter else ""
    body = f'data-jp-theme-light="{"false" if dark else "true"}"' if jupyter else ""
    css = (STATIC / f"{widget}.css").read_text("utf-8")
    source = (STATIC / f"{widget}.js").read_text("utf-8").replace("</script", "<\\/script")
    return _PAGE % {"css": css, "theme": theme, "body": body, "source": source}


def take_clock(page: Any) -> None:
    """Have time on the page leap at our word, and mount the view anew with that clock."""
    page.clock.install()
    page.evaluate("() => { unmount(); window.unmount = mount(document.getElementById('cell')); }")


def leap(page: Any, ms: int) -> None:
    """Let so much time pass at once, and wait until what it brings is drawn."""
    page.clock.fast_forward(ms)
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def batch(events: Iterable[Event], start: int = 0) -> dict[str, Any]:
    """The message in which a kernel sends events."""
    return json.loads(json.dumps({"kind": "events", "from": start, "events": [wire(event) for event in events]}))


def offers(events: Iterable[Event]) -> dict[str, Any]:
    """The message that lets a front end answer the questions among the events; each has the nonce "once"."""
    asked = [event.data for event in events if event.type == "approval.requested"]
    told = [{"call_id": data["call_id"], "call_hash": data["call_hash"], "nonce": "once"} for data in asked]
    return {"kind": "offers", "offers": told}
