"""A web server on loopback for imports to read from."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Web:
    """Serves `pages`: path -> (status, headers, body)."""

    def __init__(self):
        pages = self.pages = {}
        waits = self._waits = {}
        self.seen = seen = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802 the name that http.server calls
                seen.append((self.path, dict(self.headers)))
                status, headers, body = pages.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
                if self.path in waits:
                    self.wfile.flush()
                    waits[self.path].wait(60)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stalls(self, path, body, length, release):
        "A page of `length` bytes that sends `body` and then nothing until `release` is set."
        self.pages[path] = (200, {"Content-Length": str(length)}, body)
        self._waits[path] = release

    def close(self):
        self.server.shutdown()
        self.server.server_close()
