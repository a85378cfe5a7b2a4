"python -m dashboard api | config sample"

from common.cli import Cli
from dashboard import config

Cli("dashboard", config).main()
