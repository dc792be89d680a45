"""A server on a loopback socket that answers byte by byte as a script says."""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

Script = Callable[["Exchange"], None]


@dataclass
class Exchange:
    """One request as it arrived, and the socket to answer on. number: counts from 1."""

    sock: socket.socket
    number: int
    head: str
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.split("\r\n")[1:]
        return {k.lower(): v for k, _, v in (line.partition(": ") for line in lines) if k}

    def answer(self, body: bytes = b"{}", status: str = "200 OK", *headers: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        self.sock.sendall("\r\n".join(lines).encode() + body)

    def drip(self, data: bytes, every: float) -> None:
        """Send one byte at a time until the other side goes away."""
        with contextlib.suppress(OSError):
            for byte in data:
                self.sock.sendall(bytes([byte]))
                time.sleep(every)

    def reset(self) -> None:
        """Go away with an RST, as a crashed server does."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Loopback:
    def __init__(
        self, script: Script, *, tls: ssl.SSLContext | None = None, hangs_up: bool = False
    ) -> None:
        """tls: how to speak it. hangs_up: close each connection as soon as it is made."""
        self._script = script
        self._tls = tls
        self._hangs_up = hangs_up
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.requests: list[Exchange] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._sockets.append(sock)
            if self._hangs_up:
                sock.close()
                continue
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(sock.close)
            if self._tls:
                sock = stack.enter_context(self._tls.wrap_socket(sock, server_side=True))
            while exchange := self._receive(sock):
                self._script(exchange)

    def _receive(self, sock: socket.socket) -> Exchange | None:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = sock.recv(65536)
            if not piece:
                return None
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        exchange = Exchange(sock, 0, head.decode("latin-1"), body)
        while len(exchange.body) < int(exchange.headers.get("content-length", 0)):
            exchange.body += sock.recv(65536)
        with self._lock:
            self.requests.append(exchange)
            exchange.number = len(self.requests)
        return exchange
