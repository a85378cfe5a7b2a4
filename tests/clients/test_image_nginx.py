"""Downloads that nginx sends with sendfile: the service only says which file (X-Accel-Redirect)."""

import os
import shutil
import socket
import subprocess
import time

import pytest
import requests

from tests.api.image.process import MIB, NEW, OCTETS, Server

CONF = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  sendfile on;
  client_max_body_size 0;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{inner}; proxy_http_version 1.1;
                  proxy_request_buffering off; proxy_buffering off; }}
    location /image-data/ {{ internal; alias {folder}/image/stores/;
                             add_header Content-MD5 $upstream_http_content_md5; }}
  }}
}}
"""


@pytest.fixture
def front(tmp_path):
    "The service behind nginx; its URL and a session."
    program = shutil.which("nginx")
    if program is None:
        pytest.skip("nginx is not installed")
    tmp_path.chmod(0o755)
    server = Server(tmp_path, **{"image.accel_prefix": "/image-data"}).start()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    conf = tmp_path / "nginx.conf"
    user = "user root;\n" if os.getuid() == 0 else ""
    conf.write_text(user + CONF.format(folder=tmp_path, port=port, inner=server.port))
    nginx = subprocess.Popen([program, "-c", conf])
    url, end = f"http://127.0.0.1:{port}", time.monotonic() + 20
    while True:
        try:
            requests.get(url + "/healthcheck", timeout=2)
            break
        except requests.ConnectionError:
            assert time.monotonic() < end, (tmp_path / "nginx.log").read_text()
            time.sleep(0.05)
    yield url, server.session()
    nginx.terminate()
    nginx.wait(20)
    server.stop()


def test_nginx_sends_the_file_and_ranges_of_it(front):
    url, client = front
    data = os.urandom(2 * MIB + 5)
    image = client.post(url + "/v2/images", json=NEW).json()
    path = f"{url}/v2/images/{image['id']}"
    assert client.put(path + "/file", data=data, headers=OCTETS).status_code == 204
    checksum = client.get(path).json()["checksum"]
    whole = client.get(path + "/file")
    assert whole.content == data and whole.headers["Content-MD5"] == checksum
    assert whole.headers["Content-Type"] == OCTETS["Content-Type"]
    part = client.get(path + "/file", headers={"Range": "bytes=5-99"})
    assert (part.status_code, part.content) == (206, data[5:100])
    assert part.headers["Content-Range"] == f"bytes 5-99/{len(data)}"
    # who may not read the image gets nothing from nginx either, by any path
    assert requests.get(path + "/file", timeout=10).status_code == 401
    folder = next(iter(client.get(url + "/v2/info/stores").json()["stores"]))["id"]
    assert requests.get(f"{url}/image-data/{folder}/", timeout=10).status_code == 404
