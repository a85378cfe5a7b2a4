"""One class for each kind of job. A step is a method of the flow; `STEP_done` and `STEP_failed` hear the agent's answer to an order
given in STEP; `failed` ends the job with a reason whenever a step raises."""

from typing import Any

from compute.conductor.flows.build import Build
from compute.conductor.flows.delete import Delete
from compute.conductor.flows.power import Power

FLOWS: dict[str, Any] = {"build": Build(), "delete": Delete(), "power": Power()}
