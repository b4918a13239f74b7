"""A fresh process that makes one edit, as a script of three lines does. The parent process measures its time."""

import sys

peer = __import__(f"peers.{sys.argv[1]}", fromlist=["edit"])
if getattr(peer, "IS_ASYNC", False):
    import asyncio

    async def _edit() -> None:
        client = await peer.open_client(*sys.argv[2:])
        await peer.edit(client, "ORDER_ID", "12 Acacia Avenue")
        await peer.close(client)

    asyncio.run(_edit())
else:
    opened = peer.open_client(*sys.argv[2:])
    peer.edit(opened, "ORDER_ID", "12 Acacia Avenue")
    peer.close(opened)
