"""POST /servers/{id}/action: one body key names the action. The table at the end is the list of
all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from common.context import Context
from common.errors import BadRequest, NotFound
from common.http import Api, Reply, Version
from common.schema import Schema, Versioned
from compute.api.servers import extras
from compute.core import (
    Deps,
    actions,
    attach,
    consoles,
    lifecycle,
    nics,
    proxies,
    servers,
)
from compute.errors import RemovedApi
from compute.microversions import RANGE
from compute.schemas import actions as schemas
from compute.views import servers as views
from compute.views.links import base, root

api = Api("/v2.1/servers")


class NoSuchAction(BadRequest):
    "There is no such action: {action}."


@dataclass(frozen=True)
class Call:
    "What an action is called with."

    ctx: Context
    deps: Deps
    server_id: str
    value: Any
    version: Version


@dataclass(frozen=True)
class Action:
    "One action: what it does, its argument, its versions."

    run: Callable[[Call], Any]
    schema: Schema | Versioned
    since: str = "2.1"
    until: str = RANGE.maximum
    status: int = 202


@api.post(
    "/<server_id>/action",
    policy=None,
    body={"type": "object", "minProperties": 1, "maxProperties": 1},
)
def act(ctx: Context, deps: Deps, server_id: str, body: dict[str, Any], version: Version) -> Any:
    "Find the action, check its argument, do it."
    name, value = next(iter(body.items()))
    action = ACTIONS.get(name)
    if action is None:
        raise NoSuchAction(action=name)
    if version > action.until:
        raise NotFound()
    if version < action.since:
        raise NoSuchAction(action=name)
    schema = action.schema.at(version) if isinstance(action.schema, Versioned) else action.schema
    schema.check(value)
    result = action.run(Call(ctx, deps, server_id, value, version))
    return result if isinstance(result, Reply) else Reply(result, action.status)


def _console_output(call: Call) -> Any:
    length = (call.value or {}).get("length")
    lines = int(length) if length not in (None, "") else None
    text = actions.console_output(
        call.deps, call.ctx, call.server_id, None if lines in (-1, None) else lines
    )
    return {"output": text}


def _power(action: str, rule: str) -> Callable[[Call], Any]:
    return lambda c: actions.power(c.deps, c.ctx, c.server_id, action, rule)


def _reboot(call: Call) -> None:
    actions.reboot(call.deps, call.ctx, call.server_id, call.value["type"].upper() == "HARD")


def _lock(call: Call) -> None:
    reason = (
        call.value.get("locked_reason")
        if isinstance(call.value, dict) and call.version >= "2.73"
        else None
    )
    actions.lock(call.deps, call.ctx, call.server_id, reason)


def _reset(call: Call) -> None:
    actions.reset_state(call.deps, call.ctx, call.server_id, call.value["state"])


def _rebuild(call: Call) -> Any:
    row, password = lifecycle.rebuild(
        call.deps, call.ctx, call.server_id, call.value, volume_root=call.version >= "2.93"
    )
    beside = extras(call.deps, call.ctx, [row], call.version)
    body = views.rebuilt(call.ctx, row, call.version, beside, password)
    return Reply({"server": body}, 202, {"Location": f"{base()}/servers/{row.id}"})


def _resize(call: Call) -> None:
    lifecycle.resize(call.deps, call.ctx, call.server_id, call.value)


def _confirm(call: Call) -> Any:
    lifecycle.finish_resize(call.deps, call.ctx, call.server_id, True)
    return Reply(None, 204)


def _create_image(call: Call) -> Any:
    image = lifecycle.snapshot(
        call.deps,
        call.ctx,
        call.server_id,
        call.value["name"],
        call.value.get("metadata") or {},
        limited=call.version < "2.39",
    )
    return _image_made(call, image)


def _create_backup(call: Call) -> Any:
    value = call.value
    image = lifecycle.snapshot(
        call.deps,
        call.ctx,
        call.server_id,
        value["name"],
        value.get("metadata") or {},
        backup={"backup_type": value["backup_type"], "rotation": int(value["rotation"])},
        limited=call.version < "2.39",
    )
    return _image_made(call, image)


def _image_made(call: Call, image: str | None) -> Any:
    if call.version >= "2.45":
        return Reply({"image_id": image}, 202)
    return Reply(None, 202, {"Location": f"{root()}/images/{image}"})


def _rescue(call: Call) -> Any:
    value = call.value or {}
    password = lifecycle.rescue(
        call.deps,
        call.ctx,
        call.server_id,
        value.get("rescue_image_ref"),
        value.get("adminPass"),
        volume_root=call.version >= "2.87",
    )
    return Reply({"adminPass": password}, 200)


def _unshelve(call: Call) -> None:
    where = call.value if isinstance(call.value, dict) and call.version >= "2.77" else {}
    lifecycle.unshelve(call.deps, call.ctx, call.server_id, where)


def _migrate(call: Call) -> None:
    host = (
        call.value.get("host") if isinstance(call.value, dict) and call.version >= "2.56" else None
    )
    lifecycle.migrate(call.deps, call.ctx, call.server_id, host)


def _live_migrate(call: Call) -> None:
    block = call.value["block_migration"]
    lifecycle.live_migrate(
        call.deps,
        call.ctx,
        call.server_id,
        call.value["host"],
        None if block == "auto" else _true(block),
        # a named host was taken without question before the scheduler was asked for its word
        force=call.version < "2.30" or _true(call.value.get("force")),
        check=call.version < "2.34",
    )


def _evacuate(call: Call) -> Any:
    value = call.value
    password = lifecycle.evacuate(
        call.deps,
        call.ctx,
        call.server_id,
        value.get("host"),
        value.get("adminPass"),
        stay_stopped=call.version >= "2.95",
        force=call.version < "2.29" or _true(value.get("force")),
    )
    return Reply({"adminPass": password} if call.version < "2.14" else None, 200)


def _true(value: Any) -> bool:
    return str(value).lower() in ("true", "1", "on", "yes", "t", "y")


def _group(add: bool) -> Callable[[Call], Any]:
    def run(call: Call) -> None:
        rule = "os-security-groups:add" if add else "os-security-groups:remove"
        server = servers.get(call.deps, call.ctx, call.server_id, rule)
        proxies.set_group(call.deps, call.ctx, server, call.value["name"], add)
        nics.note_groups(call.deps, server.id, call.value["name"], add)

    return run


def _add_fixed_ip(call: Call) -> None:
    attach.add_fixed_ip(call.deps, call.ctx, call.server_id, str(call.value["networkId"]))


def _remove_fixed_ip(call: Call) -> None:
    attach.remove_fixed_ip(call.deps, call.ctx, call.server_id, call.value["address"])


def _floating_ip(add: bool) -> Callable[[Call], Any]:
    def run(call: Call) -> None:
        attach.floating_ip(
            call.deps,
            call.ctx,
            call.server_id,
            call.value["address"],
            call.value.get("fixed_address"),
            add,
        )

    return run


def _password(call: Call) -> None:
    lifecycle.change_password(call.deps, call.ctx, call.server_id, call.value["adminPass"])


def _console(kind: str) -> Callable[[Call], Any]:
    return lambda c: {"console": consoles.make(c.deps, c.ctx, c.server_id, kind, c.value["type"])}


def _gone(call: Call) -> None:
    servers.get(call.deps, call.ctx, call.server_id)
    raise RemovedApi()


def _do(function: Callable[..., Any]) -> Callable[[Call], Any]:
    return lambda c: function(c.deps, c.ctx, c.server_id)


def _simple(schema: Any) -> Schema | Versioned:
    return schema if isinstance(schema, Versioned) else Schema(schema)


ANY = _simple(schemas.ANYTHING)
ACTIONS: dict[str, Action] = {
    "os-getConsoleOutput": Action(_console_output, _simple(schemas.CONSOLE_OUTPUT), status=200),
    "os-start": Action(_power("start", "servers:start"), ANY),
    "os-stop": Action(_power("stop", "servers:stop"), ANY),
    "reboot": Action(_reboot, _simple(schemas.REBOOT)),
    "pause": Action(_power("pause", "os-pause-server:pause"), ANY),
    "unpause": Action(_power("unpause", "os-pause-server:unpause"), ANY),
    "suspend": Action(_power("suspend", "os-suspend-server:suspend"), ANY),
    "resume": Action(_power("resume", "os-suspend-server:resume"), ANY),
    "lock": Action(_lock, schemas.LOCK),
    "unlock": Action(lambda c: actions.unlock(c.deps, c.ctx, c.server_id), ANY),
    "os-resetState": Action(_reset, _simple(schemas.RESET_STATE)),
    "rebuild": Action(_rebuild, schemas.REBUILD),
    "resize": Action(_resize, _simple(schemas.RESIZE)),
    "confirmResize": Action(_confirm, ANY),
    "revertResize": Action(
        lambda c: lifecycle.finish_resize(c.deps, c.ctx, c.server_id, False), ANY
    ),
    "createImage": Action(_create_image, _simple(schemas.CREATE_IMAGE)),
    "createBackup": Action(_create_backup, _simple(schemas.CREATE_BACKUP)),
    "rescue": Action(_rescue, _simple(schemas.RESCUE)),
    "unrescue": Action(_do(lifecycle.unrescue), ANY),
    "shelve": Action(_do(lifecycle.shelve), ANY),
    "shelveOffload": Action(_do(lifecycle.offload), ANY),
    "unshelve": Action(_unshelve, schemas.UNSHELVE),
    "restore": Action(_do(lifecycle.restore), ANY),
    "forceDelete": Action(lambda c: servers.delete(c.deps, c.ctx, c.server_id, force=True), ANY),
    "trigger_crash_dump": Action(_do(lifecycle.crash_dump), ANY, since="2.17"),
    "changePassword": Action(_password, _simple(schemas.CHANGE_PASSWORD)),
    "migrate": Action(_migrate, schemas.MIGRATE),
    "os-migrateLive": Action(_live_migrate, schemas.LIVE_MIGRATE),
    "evacuate": Action(_evacuate, schemas.EVACUATE),
    "addSecurityGroup": Action(_group(True), _simple(schemas.GROUP)),
    "removeSecurityGroup": Action(_group(False), _simple(schemas.GROUP)),
    "addFixedIp": Action(_add_fixed_ip, _simple(schemas.ADD_FIXED_IP), until="2.43"),
    "removeFixedIp": Action(_remove_fixed_ip, _simple(schemas.REMOVE_FIXED_IP), until="2.43"),
    "addFloatingIp": Action(_floating_ip(True), _simple(schemas.ADD_FLOATING_IP), until="2.43"),
    "removeFloatingIp": Action(
        _floating_ip(False), _simple(schemas.REMOVE_FLOATING_IP), until="2.43"
    ),
    "injectNetworkInfo": Action(_do(nics.refresh_wanted), ANY),
    "resetNetwork": Action(_gone, ANY),
    "os-getVNCConsole": Action(_console("vnc"), _simple(schemas.VNC), until="2.5", status=200),
    "os-getSerialConsole": Action(
        _console("serial"), _simple(schemas.SERIAL), until="2.5", status=200
    ),
    "os-getSPICEConsole": Action(
        _console("spice"), _simple(schemas.SPICE), until="2.5", status=200
    ),
    "os-getRDPConsole": Action(_gone, ANY, until="2.5"),
}
