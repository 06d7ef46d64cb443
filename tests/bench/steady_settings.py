"""As `tests.bench.settings`, for what stays in step: all three services, and a site that the simulator can reach.

`BENCH_PUBLIC_URL`: where that is; without one nobody is subscribed. `BENCH_POLL`: seconds between two polls.
"""

import os

from tests.bench.settings import *  # noqa: F403
from tests.bench.settings import SIMULATOR_URL

EWS_URL = f"{SIMULATOR_URL}/EWS/Exchange.asmx"
GOOGLE_URL = SIMULATOR_URL
GOOGLE_AUTHORIZE_URL = f"{SIMULATOR_URL}/o/oauth2/v2/auth"
GOOGLE_TOKEN_URL = f"{SIMULATOR_URL}/token"
PUBLIC_URL = os.environ.get("BENCH_PUBLIC_URL", "")
if "BENCH_POLL" in os.environ:
    SYNC_POLL_SECONDS = float(os.environ["BENCH_POLL"])
