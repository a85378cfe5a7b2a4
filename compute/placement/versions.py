"What the Placement API speaks."

from common.http import VersionRange

RANGE = VersionRange("placement", "1.0", "1.39")
