"""A client of the Swift API for tests: paths are relative to the caller's account."""

from tests.support import Client

PROJECT = "11111111111111111111111111111111"


class Swift:
    def __init__(self, app, project_id=PROJECT, account=None, **who):
        who.setdefault("roles", ("member",))
        self.app = app
        self.client = Client(app, project_id=project_id, **who)
        self.account = account or f"AUTH_{project_id}"

    def url(self, path=""):
        return f"/v1/{self.account}/{path}" if path else f"/v1/{self.account}"

    def request(self, method, path="", data=b"", **headers):
        options = {"data": data} if method in ("PUT", "POST") or data else {}
        if method in ("PUT", "POST"):
            options.setdefault("environ_overrides", {"CONTENT_LENGTH": str(len(data))})
        names = {k.replace("_", "-"): v for k, v in headers.items() if v is not None}
        return self.client.request(method, self.url(path), headers=names, **options)

    def get(self, path="", **headers):
        return self.request("GET", path, **headers)

    def head(self, path="", **headers):
        return self.request("HEAD", path, **headers)

    def put(self, path="", data=b"", **headers):
        return self.request("PUT", path, data, **headers)

    def post(self, path="", data=b"", **headers):
        return self.request("POST", path, data, **headers)

    def delete(self, path="", **headers):
        return self.request("DELETE", path, **headers)

    def copy(self, path, **headers):
        return self.request("COPY", path, **headers)

    def names(self, path, **headers):
        return self.get(path, **headers).get_data(as_text=True).splitlines()
