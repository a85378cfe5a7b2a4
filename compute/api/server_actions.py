"""POST /servers/{id}/action: one body key names the action. The table at the end is the list of all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from common.context import Context
from common.errors import BadRequest, NotFound
from common.http import Api, Reply, Version
from common.schema import Schema, Versioned
from compute.core import Deps, actions
from compute.schemas import actions as schemas

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
    until: str = "2.100"
    status: int = 202


@api.post("/<server_id>/action", policy=None, body={"type": "object", "minProperties": 1, "maxProperties": 1})
def act(ctx: Context, deps: Deps, server_id: str, body: dict[str, Any], version: Version) -> Any:
    "Find the action, check its argument, do it."
    name, value = next(iter(body.items()))
    action = ACTIONS.get(name)
    if action is None:
        raise NoSuchAction(action=name)
    if not action.since <= _Order(version) <= action.until:
        if version > action.until:
            raise NotFound()
        raise NoSuchAction(action=name)
    schema = action.schema.at(version) if isinstance(action.schema, Versioned) else action.schema
    schema.check(value)
    result = action.run(Call(ctx, deps, server_id, value, version))
    return result if isinstance(result, Reply) else Reply(result, action.status)


class _Order:
    "A version that stands in a chain of comparisons with texts."

    def __init__(self, version: Version) -> None:
        self.version = version

    def __ge__(self, other: str) -> bool:
        return self.version >= other

    def __le__(self, other: str) -> bool:
        return self.version <= other


def _console_output(call: Call) -> Any:
    length = (call.value or {}).get("length")
    lines = int(length) if length not in (None, "") else None
    text = actions.console_output(call.deps, call.ctx, call.server_id, None if lines in (-1, None) else lines)
    return {"output": text}


def _power(action: str, rule: str) -> Callable[[Call], Any]:
    return lambda c: actions.power(c.deps, c.ctx, c.server_id, action, rule)


def _reboot(call: Call) -> None:
    actions.reboot(call.deps, call.ctx, call.server_id, call.value["type"].upper() == "HARD")


def _lock(call: Call) -> None:
    reason = call.value.get("locked_reason") if isinstance(call.value, dict) and call.version >= "2.73" else None
    actions.lock(call.deps, call.ctx, call.server_id, reason)


def _reset(call: Call) -> None:
    actions.reset_state(call.deps, call.ctx, call.server_id, call.value["state"])


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
}
