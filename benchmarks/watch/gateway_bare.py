"""The pass-through that one writes in twenty lines, which the gateway is held beside.

python benchmarks/watch/gateway_bare.py UPSTREAM        prints its port
"""

import sys

import aiohttp
import uvloop
from aiohttp import web


async def main(upstream: str) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def handle(request: web.Request) -> web.StreamResponse:
            kind = {"content-type": "application/json"}
            async with session.post(upstream + request.path, data=await request.read(), headers=kind) as answer:
                kind = {"content-type": answer.headers["content-type"]}
                if not kind["content-type"].startswith("text/event-stream"):
                    return web.Response(body=await answer.read(), status=answer.status, headers=kind)
                response = web.StreamResponse(status=answer.status, headers=kind)
                await response.prepare(request)
                async for part in answer.content.iter_any():
                    await response.write(part)
                await response.write_eof()
                return response

        runner = web.AppRunner(web.Application(client_max_size=1 << 25), access_log=None)
        runner.app.router.add_post("/v1/chat/completions", handle)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(runner.addresses[0][1], flush=True)
        import asyncio

        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
