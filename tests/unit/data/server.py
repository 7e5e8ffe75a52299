"""A server of the miniature archive that cuts, corrupts, refuses, forgets and waits."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.unit.data.small_cifar import archive_bytes, members

DATA = archive_bytes(members())


class Server:
    """Serves DATA as `behaviour` says: a list of what to do with each request, the last one for all that follow."""

    def __init__(self) -> None:
        self.behaviour: list[str] = ["serve"]
        self.ranges: list[str | None] = []
        self.go_on = threading.Event()  # of `waits`
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.ranges.append(self.headers.get("Range"))
                how = outer.behaviour.pop(0) if len(outer.behaviour) > 1 else outer.behaviour[0]
                outer.answer(self, how)

            def log_message(self, *args: object) -> None:
                """Nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/small-python.tar.gz"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.go_on.set()
        self.http.shutdown()
        self.http.server_close()

    def answer(self, request: BaseHTTPRequestHandler, how: str) -> None:
        if how.isdecimal():
            request.send_error(int(how))
            return
        wished = request.headers.get("Range")
        start = int(wished.removeprefix("bytes=").rstrip("-")) if wished and how != "forgets ranges" else 0
        data = DATA[start:]
        if how == "corrupts":
            data = data[:-1] + bytes([data[-1] ^ 1])
        if how == "longer":
            data += b"more"
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(data)))
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(DATA) - 1}/{len(DATA)}")
        request.end_headers()
        if how == "waits":
            request.wfile.write(data[: len(data) // 2])
            request.wfile.flush()
            self.go_on.wait(60)
            data = data[len(data) // 2 :]
        request.wfile.write(data[: len(data) // 2] if how == "cuts" else data)
