"""A mail server in this process: it takes messages as RFC 5321 says and keeps them."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from typing import cast


@dataclass
class Mailbox:
    """What arrived. `refuse` answers RCPT with this code, `drop` breaks off after the message was taken."""

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refuse: int = 0
    drop: int = 0


@contextmanager
def mail_server(port: int = 0) -> Iterator[Mailbox]:
    """A server on a port of this machine (0: a free one)."""
    mailbox = Mailbox()

    class Session(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 standin ESMTP")
            recipient = ""
            while line := self.rfile.readline():
                verb = line.decode().strip().upper()
                if verb.startswith("EHLO"):
                    self.say("250-standin")
                    self.say("250 8BITMIME")
                elif verb.startswith("RCPT") and mailbox.refuse:
                    self.say(f"{mailbox.refuse} refused")
                elif verb.startswith("RCPT"):
                    recipient = line.decode().partition("<")[2].partition(">")[0]
                    self.say("250 ok")
                elif verb == "DATA":
                    self.say("354 go on")
                    self.take(recipient)
                    if mailbox.drop:
                        mailbox.drop -= 1
                        return
                    self.say("250 taken")
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

        def take(self, recipient: str) -> None:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            mailbox.recipients.append(recipient)
            mailbox.messages.append(cast("EmailMessage", BytesParser(policy=SMTP).parsebytes(b"".join(lines))))

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", port), Session) as server:
        mailbox.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield mailbox
        finally:
            server.shutdown()
            thread.join()
