"""Nothing stays unfinished: looks for work that nobody does, at start and again and again.

`sweep` (seconds) takes up ready jobs whose wake was lost. `reconcile` (a minute) sends orders
again that nodes are not busy with, fails with a reason what cannot end, offloads, reclaims,
confirms, and purges what is old.
"""

import logging
from datetime import datetime, timedelta

from common.context import Context, new_request_id
from common.db import after_commit, utcnow
from common.errors import Error
from compute.conductor import leases
from compute.conductor.drive import Driver
from compute.contracts.conductor import Work
from compute.core import Deps, hosts, images, nics
from compute.core import work as core_work
from compute.store import hosts as host_store
from compute.store import quotas as quota_store
from compute.store import servers as server_store
from compute.store import work as store
from compute.store.models import Job, Server

LOG = logging.getLogger(__name__)
PORTS_A_PASS = 10
"How many servers' ports a pass reads again, with two requests each."


class Reconciler:
    "See the module."

    def __init__(self, deps: Deps, driver: Driver) -> None:
        self.deps, self.driver = deps, driver
        self._purged_at = utcnow() - timedelta(days=1)
        self._looked_at = ""
        self._bus_away_at = utcnow() - timedelta(days=1)

    def sweep(self) -> None:
        "Ready jobs that nobody has taken up, or whose conductor was killed."
        with self.deps.db.read() as session:
            dead = [name for name in store.holders(session) if leases.is_dead(name)]
        if dead:
            with self.deps.db.write() as session:
                store.release(session, dead)
            LOG.info("leases of dead conductors are over: %s", ", ".join(dead))
        with self.deps.db.read() as session:
            ids = store.ready(session, utcnow() - timedelta(seconds=2))
        if ids:
            LOG.info("%d job(s) found ready", len(ids))
            self.driver.wake(ids)

    def beat(self) -> None:
        "Say that conductor and scheduler are there."
        with self.deps.db.write() as session:
            for binary in ("nova-conductor", "nova-scheduler"):
                host_store.seen(session, self.deps.config.host, binary, 66)

    def reconcile(self) -> None:
        "Everything that should not stay as it is."
        self.beat()
        self._waiting()
        self._stuck()
        self._due()
        self._ports()
        every = timedelta(seconds=self.deps.config.conductor.purge_s)
        if utcnow() - self._purged_at > every:
            self._purge()
            self._orphans(every)

    def _ports(self) -> None:
        """A few servers a pass, all in turn: what is kept of their ports is read again. Events of
        the network service say so at once; the bus may lose one."""
        with self.deps.db.read() as session:
            ids = server_store.after(session, self._looked_at, PORTS_A_PASS)
        self._looked_at = ids[-1] if len(ids) == PORTS_A_PASS else ""
        for server_id in ids:
            try:
                nics.refresh(self.deps, server_id)
            except Error as error:
                LOG.warning("ports of server %s could not be read: %s", server_id, error)
                return

    def _waiting(self) -> None:
        resend = utcnow() - timedelta(seconds=self.deps.config.conductor.resend_s)
        with self.deps.db.read() as session:
            jobs = [j for j in store.open_jobs(session, older_than=resend) if j.state == "waiting"]
            services = {s.host: s for s in host_store.services(session, binary=host_store.COMPUTE)}
            busy = {n.host: set(n.busy or ()) for n in host_store.nodes(session)} if jobs else {}
        heard = not jobs or self._heard_lately()
        for job in jobs:
            service = services.get(job.host or "")
            if service is None or service.forced_down:
                self._host_down(job)
            elif not hosts.is_up(self.deps, service):
                if heard:
                    self._host_down(job)
            elif utcnow() - job.created_at > timedelta(
                seconds=self.deps.config.compute.action_timeout_s
            ):
                self._give_up(
                    job,
                    f"The node {job.host} did not finish within "
                    f"{self.deps.config.compute.action_timeout_s} s.",
                )
            elif job.server_id not in busy.get(job.host or "", ()):
                self._again(job)

    def _heard_lately(self) -> bool:
        """Whether the bus has worked for as long as a host may be silent: while it is away every
        host seems down, and none of them is."""
        try:
            self.deps.bus.client(Work).wake([])
        except Error:
            self._bus_away_at = utcnow()
        silence = timedelta(seconds=self.deps.config.compute.host_down_s)
        return utcnow() - self._bus_away_at > silence

    def _again(self, job: Job) -> None:
        LOG.info("job %s (%s): the order to %s is sent again", job.id, job.kind, job.host)
        with self.deps.db.write() as session:
            fresh = store.get_job(session, job.id, lock=True)
            if fresh is None or fresh.state != "waiting":
                return
            store.again(session, fresh)
            after_commit(session, lambda: self.driver.wake([job.id]))

    def _host_down(self, job: Job) -> None:
        if job.kind == "delete":
            with self.deps.db.write() as session:
                fresh = store.get_job(session, job.id, lock=True)
                if fresh is None or fresh.state != "waiting":
                    return
                fresh.step = "clean"
                store.again(session, fresh)
                after_commit(session, lambda: self.driver.wake([job.id]))
            return
        self._give_up(job, f"The node {job.host} does not answer.")

    def _give_up(self, job: Job, reason: str) -> None:
        report = {"ok": False, "fault": reason, "detail": {}}
        self.driver.report(job.id, False, report)

    def _stuck(self) -> None:
        "Servers that say something is being done to them while no job is open."
        with self.deps.db.read() as session:
            stuck = server_store.without_job(session, utcnow() - timedelta(seconds=30))
        for server in stuck:
            self._unstick(server)

    def _unstick(self, server: Server) -> None:
        LOG.warning(
            "server %s was left in %s/%s without a job",
            server.id,
            server.vm_state,
            server.task_state,
        )
        with self.deps.db.write() as session:
            fresh = server_store.get(session, server.id, lock=True)
            if fresh is None or store.open_jobs(session, server_id=server.id):
                return
            if fresh.task_state == "deleting":
                job = core_work.begin(
                    session,
                    system_context(fresh),
                    fresh,
                    "delete",
                    action="delete",
                    args={"cut_short": True},
                )
                after_commit(session, lambda: self.driver.wake([job.id]))
                return
            if fresh.vm_state == "building":
                fresh.vm_state = "error"
                fresh.fault = {
                    "code": 500,
                    "message": "The build was interrupted.",
                    "details": "",
                    "created": utcnow().isoformat(),
                }
            fresh.task_state, fresh.updated_at = None, utcnow()

    def _due(self) -> None:
        "Soft-deleted, shelved and resized servers whose time has come."
        options = self.deps.config.compute
        self._begin_due("soft-delete", options.reclaim_after_s, "delete", "deleting", "forceDelete")
        if options.shelved_offload_after_s > 0:
            self._begin_due(
                "shelved",
                options.shelved_offload_after_s,
                "offload",
                "shelving_offloading",
                "shelveOffload",
            )
        if options.confirm_resize_after_s > 0:
            self._begin_due(
                "resized", options.confirm_resize_after_s, "confirm", None, "confirmResize"
            )

    def _begin_due(
        self, vm_state: str, age_s: int, kind: str, task: str | None, action: str
    ) -> None:
        if age_s <= 0:
            return
        before = utcnow() - timedelta(seconds=age_s)
        with self.deps.db.write() as session:
            jobs = []
            for server in server_store.resting_since(session, vm_state, before):
                server.task_state = task
                jobs.append(
                    core_work.begin(session, system_context(server), server, kind, action=action)
                )
            if jobs:
                after_commit(session, lambda: self.driver.wake([j.id for j in jobs]))

    def _purge(self) -> None:
        self._purged_at = utcnow()
        days = self.deps.config.compute.purge_after_days
        with self.deps.db.write() as session:
            quota_store.drop_console_tokens(session, before=utcnow() - timedelta(hours=1))
            store.forget_jobs(session, utcnow() - timedelta(days=7))
        while days:
            with self.deps.db.write() as session:
                if not server_store.forget(session, utcnow() - timedelta(days=days)):
                    break

    def _orphans(self, age: timedelta) -> None:
        "Image records of snapshots whose request was cut off before it became a job."
        try:
            found = images.mine(self.deps, status="queued", image_type="snapshot")
        except Error as error:
            LOG.warning("images that nobody uploads to were not looked for: %s", error)
            return
        old = [i for i in found if datetime.fromisoformat(i["created_at"]) < utcnow() - age]
        with self.deps.db.read() as session:
            known = server_store.by_ids(session, [i.get("instance_uuid", "") for i in old])
            awaited = {j.args.get("image") for j in store.open_jobs(session)} if old else set()
        for image in old:
            if image.get("instance_uuid") in known and image["id"] not in awaited:
                LOG.warning("image %s has no data and nobody uploads any: deleted", image["id"])
                images.delete(self.deps, image["id"])


def system_context(server: Server) -> Context:
    "A context for work that the service begins by itself."
    return Context(
        user_id=server.user_id,
        project_id=server.project_id,
        request_id=new_request_id(),
        roles=("admin",),
    )
