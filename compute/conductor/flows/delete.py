"""Deleting a server: the node forgets it, then ports, volumes, the image it was shelved to and the
claim go, then the row is marked.

A host that does not answer is not waited for: when it comes back, the answer to its report
tells it what to destroy.
"""

from common.db import utcnow
from compute.conductor.flows.build import disconnect_volumes
from compute.conductor.flows.flow import Flow
from compute.conductor.work import Work
from compute.core import hosts, images, network, schedule
from compute.store import hosts as host_store
from compute.store import quotas as quota_store
from compute.store import servers as server_store
from compute.store import work as work_store


class Delete(Flow):
    "See the module."

    on_failure = "error"

    def start(self, work: Work) -> None:
        "Ask the node, if there is one that listens."
        with work.deps.db.read() as session:
            server, _ = work.load(session)
            service = host_store.service(session, server.host) if server.host else None
        others = [h for h in work.job.args.get("hosts") or [] if h != server.host]
        if service is None or not hosts.is_up(work.deps, service):
            work.go("clean")
            return
        for host in others:
            work.tell(host, lambda agent: agent.destroy(f"{work.job.id}-also", server.id))
        work.order(service.host, lambda agent, order: agent.destroy(order, server.id))

    def start_done(self, work: Work) -> None:
        "Nothing is left on the node."
        self.clean(work)

    def clean(self, work: Work) -> None:
        "Ports, volumes and images that only this server had, then the row."
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        nics = list(server.nics)
        if work.job.args.get("cut_short"):
            nics += network.leftovers(work.deps, server.id, nics)
        network.release(work.deps, server.id, nics)
        disconnect_volumes(work, server, devices, final=True)
        images.discard_unfinished(work.deps, work.job.args.get("unfinished") or ())
        if server.shelved_image_id:
            images.delete(work.deps, server.shelved_image_id)
        moment = utcnow()
        with work.deps.db.write() as session:
            schedule.give_back(session, server.id)
            for migration in work_store.migrations(session, server_id=server.id):
                schedule.give_back(session, migration.uuid)
            quota_store.drop_console_tokens(session, server_id=server.id)
            server_store.touch(
                session,
                server.id,
                vm_state="deleted",
                task_state=None,
                deleted=True,
                deleted_at=moment,
                terminated_at=moment,
                power_state=0,
                host=server.host,
                request={},
                password=None,
                user_data=None,
            )
            work.end(session)
