"""What at least two services need today: errors, context, configuration, HTTP, database, bus,
tokens, clients.

Imports no service. Services call it; they do not subclass it (but for `Error`, `Contract` and the
model base).
"""

import sys

# Libraries take these where Debian happens to have them installed, though they do without:
# eventlet would patch threads, chardet is 2 MiB in every process.
for _name in ("eventlet", "chardet"):
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type]
