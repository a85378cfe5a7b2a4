"A stand-in of the cloud, the dashboard in front of it, and a browser without a screen."

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard import config
from dashboard.app import create_app
from tests.fakes.cloud_api import FakeCloud


class Browser:
    "A person at a browser: remembers cookies, sends the CSRF token of the last page."

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.csrf = ""

    def get(self, path: str, status: int = 200, **more: Any) -> Any:
        "A page; checks its status."
        answer = self.client.get(path, **more)
        assert answer.status_code == status, (path, answer.status_code, answer.data[-600:])
        page = answer.text if "html" in answer.content_type else ""
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        self.csrf = found[1] if found else self.csrf
        return answer

    def post(
        self,
        path: str,
        status: int | tuple[int, ...] = (204, 303),
        *,
        htmx: bool = False,
        headers: Any = None,
        **data: Any,
    ) -> Any:
        "Send a form."
        heads = {**({"HX-Request": "true"} if htmx else {}), **(headers or {})}
        answer = self.client.post(path, data={"csrf_token": self.csrf, **data}, headers=heads)
        wanted = (status,) if isinstance(status, int) else status
        assert answer.status_code in wanted, (path, answer.status_code, answer.text[-600:])
        return answer

    def login(self, user: str, password: str = "secret", **more: str) -> Browser:
        "Log in, as the login page does it."
        self.get("/login")
        self.post(
            "/login",
            303,
            username=user,
            password=password,
            domain="Default",
            kind="password",
            **more,
        )
        self.get("/")
        return self


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    "The APIs."
    fake = FakeCloud().start()
    yield fake
    fake.stop()


@pytest.fixture
def make_dashboard(cloud: FakeCloud, tmp_path: Any) -> Callable[..., Flask]:
    "A dashboard with options of its own."

    def make(**options: Any) -> Flask:
        return create_app(
            config.load(
                **{
                    "identity.url": f"{cloud.url}/identity",
                    "state_dir": str(tmp_path),
                    "cloud.timeout_s": 5,
                    **options,
                }
            )
        )

    return make


@pytest.fixture
def app(make_dashboard: Callable[..., Flask]) -> Flask:
    "The dashboard."
    return make_dashboard()


@pytest.fixture
def browser(app: Flask) -> Browser:
    "Somebody who has not logged in."
    return Browser(app.test_client())


@pytest.fixture
def demo(app: Flask) -> Browser:
    "A member of the project demo."
    return Browser(app.test_client()).login("demo")


@pytest.fixture
def viewer(app: Flask) -> Browser:
    "A reader of the project demo."
    return Browser(app.test_client()).login("viewer")


@pytest.fixture
def admin(app: Flask) -> Browser:
    "The administrator."
    return Browser(app.test_client()).login("admin")
