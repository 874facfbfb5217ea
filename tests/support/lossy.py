"""A network between a program and its server that loses what it is told to lose."""

from __future__ import annotations

import select
import socket
import threading


class LossyProxy:
    """Passes connections on to a port of this machine.

    Attributes:
        port: where it listens.
        losses: how many of the next answers are lost, each with its connection.
    """

    def __init__(self, target: int) -> None:
        self._target, self.losses = target, 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target)) as server:
            while True:
                ready, _, _ = select.select([client, server], [], [])
                for source in ready:
                    data = source.recv(1 << 16)
                    if not data:
                        return
                    if source is server and self.losses:
                        self.losses -= 1
                        return
                    (client if source is server else server).sendall(data)

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()
