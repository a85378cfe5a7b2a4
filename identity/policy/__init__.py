"""Who may do what: Keystone's defaults since 2023 (personas of system, domain and project), one
row for each rule.

An operator overrides rows in `identity-policy.yaml`. Targets are flat: `target.user.domain_id` is
one key.
"""

from common.policy import RuleDefault
from identity.policy.access import ACCESS, OAUTH1
from identity.policy.catalog import CATALOG
from identity.policy.federation import FEDERATION, LIMITS
from identity.policy.people import PEOPLE
from identity.policy.projects import PROJECTS
from identity.policy.roles import ROLES
from identity.policy.tokens import AUTH, BASE

RULES: tuple[RuleDefault, ...] = (
    *BASE,
    *AUTH,
    *PROJECTS,
    *PEOPLE,
    *ROLES,
    *CATALOG,
    *ACCESS,
    *OAUTH1,
    *FEDERATION,
    *LIMITS,
)
"Every rule of the service."
