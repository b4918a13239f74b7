"""Edit orders with every kind of client in a process of its own that Sentry instruments, for what it patches stays patched.

Prints each envelope that Sentry would have sent as a line of JSON. Arguments: whether Sentry starts before `import
autoenhance` or when the clients are in use, and the ids of orders. The environment says where the service is.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import sentry_sdk
from sentry_sdk.transport import Transport

if TYPE_CHECKING:
    from sentry_sdk.envelope import Envelope

ENVELOPES: list[Envelope] = []


class KeepEnvelopes(Transport):
    """Sends nothing."""

    def capture_envelope(self, envelope: Envelope) -> None:
        ENVELOPES.append(envelope)


def start_sentry() -> None:
    sentry_sdk.init(dsn="http://public@127.0.0.1:9/1", transport=KeepEnvelopes, traces_sample_rate=1.0)


def main(moment: str, *order_ids: str) -> None:
    if moment == "before-import":
        start_sentry()
    from callers import KINDS, open_client

    from autoenhance import NotFoundError, OrderEdit

    edits = [OrderEdit(order_id, name="a") for order_id in order_ids]
    with ExitStack() as stack:
        clients = {kind: stack.enter_context(open_client(kind)) for kind in KINDS}
        for edit in clients.values():
            edit(edits)
        if moment == "in-use":
            start_sentry()
        for kind, edit in clients.items():
            with sentry_sdk.start_transaction(name=kind):
                edit(edits)
            try:
                edit([OrderEdit("no-such-order", name="a")])
            except NotFoundError as error:
                sentry_sdk.capture_exception(error)
    sentry_sdk.flush()
    for envelope in ENVELOPES:
        for item in envelope.items:
            print(item.get_bytes().decode())


main(*sys.argv[1:])
