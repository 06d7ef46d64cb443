"""The product's settings as in production: DEBUG off, so that Django keeps no log of queries; times at their defaults.

`BENCH_SIMULATOR` names the simulator.
"""

import os

from tests.settings import *  # noqa: F403

DEBUG = False
SIMULATOR_URL = os.environ.get("BENCH_SIMULATOR", "http://127.0.0.1:9100")
GRAPH_URL = f"{SIMULATOR_URL}/v1.0"
LOGGING["root"]["level"] = "WARNING"  # noqa: F405
