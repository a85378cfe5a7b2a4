"""A web server on loopback for imports to read from."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Web:
    """Serves `pages`: path -> (status, headers, body); a body may be a list of blocks that breaks
    off."""

    def __init__(self):
        pages = self.pages = {}
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

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
