"""The verbs: one function each, behind one parser that every face uses.

1. A face (terminal, notebook, server) makes a `Session`, calls `invoke`, and shows the view that comes back.
2. A verb decides; it never prints, and never asks which face called it: what differs is in the session.
3. Importing this package imports no click, no pydantic and no verb; `invoke` does, for the verb it runs.
"""

from victor_nb.commands.session import EventSink, Session, Watch
from victor_nb.commands.verbs import VERBS, invoke, parse

__all__ = ["VERBS", "EventSink", "Session", "Watch", "invoke", "parse"]
