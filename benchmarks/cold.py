"""A fresh process until its first edit is done: what a user's script of three lines costs. The parent has the clock."""

import sys

peer = __import__(f"peers.{sys.argv[1]}", fromlist=["one"])
if getattr(peer, "IS_ASYNC", False):
    import asyncio

    async def _edit() -> None:
        client = await peer.setup(*sys.argv[2:])
        await peer.one(client, "ORDER_ID", "12 Acacia Avenue")
        await peer.close(client)

    asyncio.run(_edit())
else:
    opened = peer.setup(*sys.argv[2:])
    peer.one(opened, "ORDER_ID", "12 Acacia Avenue")
    peer.close(opened)
