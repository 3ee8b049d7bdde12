"""The socket that the review page is served on."""

import asyncio
import socket

from ptool.reviews.server.running import listening_socket


async def test_a_page_is_sent_without_waiting_for_its_reader() -> None:
    """No delay of small writes (Nagle): it cost every page 40 ms."""
    connected: asyncio.Queue[bool] = asyncio.Queue()

    async def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        connected.put_nowait(bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
        writer.close()

    with listening_socket("127.0.0.1", 0) as listener:
        async with await asyncio.start_server(accept, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname()[:2])
            assert await asyncio.wait_for(connected.get(), 5)
            writer.close()
