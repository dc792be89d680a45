"""A mail server and a webhook receiver, real ones, on free loopback ports."""

import email
import email.policy
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.services.processes import free_port

TAKEN, HELD_BACK = "250 OK", "451 Later"
PATIENCE = 30
# It would write every address that it hears.
logging.getLogger("mail.log").setLevel(logging.WARNING)


class Stall:
    """The mail server keeps its answer to one message to itself until `go_on`.

    number: of the message, from 1. takes_it: whether the message is taken all the same.
    """

    def __init__(self, number: int, *, takes_it: bool) -> None:
        self.number = number
        self.takes_it = takes_it
        self.began = threading.Event()
        self.go_on = threading.Event()


@dataclass
class Mailbox:
    """What the mail server took. A test may let it refuse addresses, or everything with `answer`."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    arrived: int = 0
    refused: set[str] = field(default_factory=set)
    answer: str = TAKEN
    stall: Stall | None = None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return f"550 Nobody here is called {address}"
        envelope.rcpt_tos.append(address)
        return TAKEN

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answer != TAKEN:
            return self.answer
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        assert envelope.rcpt_tos == [mail["To"]]
        self.arrived += 1
        stall = self.stall if self.stall and self.stall.number == self.arrived else None
        if not stall or stall.takes_it:
            self.mails.append(mail)
        if stall:
            stall.began.set()
            await server.loop.run_in_executor(None, stall.go_on.wait, PATIENCE)
            return TAKEN if stall.takes_it else HELD_BACK
        return TAKEN

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == address]

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


@contextmanager
def mail_server(**options: Any) -> Iterator[Mailbox]:
    """Serve a mailbox; `options` are those of aiosmtpd's Controller and SMTP."""
    mailbox = Mailbox(port=free_port())
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, **options)
    controller.start()
    try:
        yield mailbox
    finally:
        if mailbox.stall:
            mailbox.stall.go_on.set()
        controller.stop()


@dataclass
class Receiver:
    """What was posted to the webhook, and what it answers."""

    port: int = 0
    status: int = 200
    location: str = ""
    posts: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return [post["text"] for post in self.posts]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{SECRET_PATH}"


SECRET_PATH = "/services/T0CANARY/B0CANARY/hookCanary7Xq2"


@contextmanager
def webhook_receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            receiver.posts.append(json.loads(self.rfile.read(length)))
            receiver.keys.append(self.headers["Idempotency-Key"])
            receiver.paths.append(self.path)
            self.send_response(receiver.status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
