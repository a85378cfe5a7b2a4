"Start, stop, reboot, pause, suspend and their opposites: one order, one new state."

from compute.conductor.flows.flow import Flow
from compute.conductor.work import Work
from compute.core.spec import server_spec

AFTER = {
    "start": "active",
    "stop": "stopped",
    "hard_reboot": "active",
    "soft_reboot": "active",
    "pause": "paused",
    "unpause": "active",
    "suspend": "suspended",
    "resume": "active",
}
POWER = {"active": 1, "stopped": 4, "paused": 3, "suspended": 4}
WANTED = {"active": "on", "stopped": "off", "paused": "paused", "suspended": "suspended"}


class Power(Flow):
    "Arguments: `action`, `grace_s`."

    def start(self, work: Work) -> None:
        "Order it."
        action = work.job.args["action"]
        with work.deps.db.read() as session:
            server, devices = work.load(session)
        spec = server_spec(
            work.deps,
            server,
            devices,
            with_images=action in ("start", "hard_reboot"),
            request_id=work.ctx.request_id,
            power=WANTED[AFTER[action]],
        )
        grace = int(work.job.args.get("grace_s", 60))
        work.order(server.host or "", lambda agent, order: agent.power(order, spec, action, grace))

    def start_done(self, work: Work) -> None:
        "It is so."
        report = work.job.args["report"]
        with work.deps.db.write() as session:
            vm_state = AFTER[work.job.args["action"]]
            if work.job.args.get("was") == "rescued" and vm_state == "active":
                vm_state = "rescued"
            power = report.get("power_state") or POWER.get(vm_state, 1)
            work.save(
                session,
                vm_state=vm_state,
                task_state=None,
                power_state=power,
                fault=None,
                power_wanted=WANTED.get(vm_state, "on"),
            )
            work.end(session)
