"""Tries a SCIM server by scim2-tester, which learns from the server's own description what to try.

Takes the server's address and the token as JSON from standard input; prints what was tried, and ends
with an error when anything is not as RFC 7643 and RFC 7644 say.
"""

import json
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

told = json.load(sys.stdin)
http = Client(
    base_url=told["address"],
    headers={"Authorization": "Bearer " + told["token"]},
    trust_env=False,
    timeout=20,
)
results = check_server(SyncSCIMClient(http))
wrong = [r for r in results if r.status not in (Status.SUCCESS, Status.SKIPPED)]
for result in results:
    print(result.status.name, result.resource_type or "", result.title, result.reason)
for result in wrong:
    print("WRONG", result.title, result.reason, getattr(result.data, "__dict__", result.data), file=sys.stderr)
sys.exit(1 if wrong else 0)
