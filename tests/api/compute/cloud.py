"""A compute service in one process: the real API, a real conductor, real agents over the fake
driver, and stand-ins for the services around it. The bus is oslo.messaging's in-memory one."""

import threading
import time
import uuid

from keystoneauth1 import token_endpoint
from werkzeug.serving import make_server

from common import db
from common.bus import open_bus
from common.client import Services
from compute.agent import options
from compute.agent.drivers.fake import FakeDriver
from compute.agent.server import Node
from compute.app import create_app
from compute.conductor.service import Conductor
from compute.config import load
from compute.deps import make_deps
from tests.api.compute import answers
from tests.fakes.compute_peers import Images, Networks, Volumes
from tests.support import Client, authenticator, database_url, wsgi_session

NETWORK, VOLUME = "http://network.test", "http://volume.test"


class Cloud:
    "See the module. `hosts` are names of nodes."

    def __init__(self, folder, hosts=("node-1",), **config):
        url = database_url(folder, "compute")
        self.images, self.networks, self.volumes = Images(), Networks(), Volumes()
        # nodes fetch and upload images by HTTP, so this one listens
        self.files = make_server("127.0.0.1", 0, self.images.app, threaded=True)
        threading.Thread(target=self.files.serve_forever, daemon=True).start()
        image_url = f"http://127.0.0.1:{self.files.port}"
        self.config = load(
            **{
                "state_dir": str(folder),
                "database.url": url,
                "bus.url": "fake://",
                "host": "ctl",
                "endpoints.image": image_url,
                "endpoints.network": NETWORK,
                "endpoints.volume": VOLUME,
                "conductor.reconcile_s": 1,
                "conductor.resend_s": 3,
                **config,
            }
        )
        options.register(self.config)
        db.upgrade("compute", url)
        http = wsgi_session(
            {image_url: self.images.app, NETWORK: self.networks.app, VOLUME: self.volumes.app}
        )
        self.services = Services(self.config, http, token_endpoint.Token("http://none", "service"))
        self.bus = open_bus("fake://")
        # the in-memory driver has one exchange of a name for the whole process
        driver = self.bus.transport._driver
        driver._default_exchange = driver._exchange_manager._default_exchange = uuid.uuid4().hex
        self.deps = make_deps(self.config, services=self.services, bus=lambda: self.bus)
        self.app = create_app(self.config, authenticate=authenticator("compute"), deps=self.deps)
        answers.watch(self.app)
        self.conductor = Conductor(self.deps)
        self.conductor.start()
        self.drivers, self.nodes, self.folder = {}, {}, folder
        for name in hosts:
            self.add_host(name)
        self.member = self.client()
        self.admin = self.client(roles=("admin",), user_id="admin-1", project_id="admin-project")
        self.reader = self.client(roles=("reader",))
        self.other = self.client(user_id="user-2", project_id="project-2")

    def add_host(self, name, **driver):
        "A node with the fake driver, reported in."
        self.drivers[name] = FakeDriver(name, **driver)
        self.nodes[name] = Node(
            self.config, name, self.drivers[name], self.bus, self.folder / "agents" / name
        )
        self.nodes[name].start(threads=4)
        self.until(lambda: any(h["node"].host == name for h in _hypervisors(self.deps)))

    def close(self):
        for node in self.nodes.values():
            node.stop()
        self.conductor.stop()
        self.files.shutdown()
        self.files.server_close()
        self.deps.db.dispose()

    def client(self, **who):
        return Client(self.app, **who)

    @staticmethod
    def until(test, seconds=20):
        "Wait until `test()` gives something; that."
        end = time.monotonic() + seconds
        while True:
            found = test()
            if found:
                return found
            assert time.monotonic() < end, "it did not come true in time"
            time.sleep(0.01)

    def flavor(self, name=None, **fields):
        "A flavor; its id."
        name = name or f"m-{uuid.uuid4().hex[:6]}"
        body = {"flavor": {"name": name, "ram": 64, "vcpus": 1, "disk": 1, **fields}}
        return self.admin.ok("POST", "/v2.1/flavors", json=body)["flavor"]["id"]

    def body(self, **fields):
        "A body for POST /servers: an image, a flavor, the only network."
        if not self.networks.networks:
            self.networks.add()
        server = {
            "name": "one",
            "imageRef": next(iter(self.images.images), None) or self.images.add(),
            "flavorRef": self.shared_flavor(),
            "networks": [{"uuid": next(iter(self.networks.networks))}],
            **fields,
        }
        return {"server": {k: v for k, v in server.items() if v is not ...}}

    def shared_flavor(self):
        if not hasattr(self, "_flavor"):
            self._flavor = self.flavor()
        return self._flavor

    def boot(self, client=None, version=None, hints=None, wait="ACTIVE", **fields):
        "Create a server and wait for it; as GET shows it."
        client = client or self.member
        body = self.body(**fields)
        if hints:
            body["os:scheduler_hints"] = hints
        made = client.ok("POST", "/v2.1/servers", json=body, status=202, headers=at(version))
        return self.wait(made["server"]["id"], wait, client) if wait else made["server"]

    def wait(self, server_id, status="ACTIVE", client=None, version=None):
        "Wait for a status with nothing being done; as GET shows the server then."
        client = client or self.admin

        def there():
            server = client.ok("GET", f"/v2.1/servers/{server_id}", headers=at(version))["server"]
            if server["status"] == "ERROR" and status != "ERROR":
                raise AssertionError(server.get("fault"))
            calm = server.get("OS-EXT-STS:task_state") is None
            return server if server["status"] == status and calm else None

        return self.until(there)

    def gone(self, server_id, client=None):
        "Wait until a server is deleted."
        client = client or self.admin
        self.until(lambda: client.get(f"/v2.1/servers/{server_id}").status_code == 404)

    def act(self, server_id, action, value=None, client=None, version=None, status=202):
        "Do an action; the answer's JSON."
        return (client or self.member).ok(
            "POST",
            f"/v2.1/servers/{server_id}/action",
            json={action: value},
            status=status,
            headers=at(version),
        )


def at(version):
    "Headers for a microversion."
    return {"OpenStack-API-Version": f"compute {version}"} if version else {}


def _hypervisors(deps):
    from compute.core import hosts

    return hosts.hypervisors(deps)
