"""An agent's host, by the MCP project's own Python client: what an agent does with our tools, step by step.

The test on the other end reads what is printed, and is the people who approve.
"""

import asyncio
import os
import sys

from mcp import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client


def words(result):
    return result.content[0].text


async def story(session, progress):
    told = await session.initialize()
    print("server", told.server_info.name)
    assert "may_i" in told.instructions, told
    tools = (await session.list_tools()).tools
    print("tools", " ".join(tool.name for tool in tools))
    for tool in tools:
        schema = tool.input_schema
        assert schema["type"] == "object" and schema["additionalProperties"] is False, tool
        assert len(tool.description) > 80, tool

    async def call(name, **arguments):
        result = await session.call_tool(name, arguments)
        return words(result), result.structured_content, bool(result.is_error)

    said, _, failed = await call("may_i", access="database")
    assert failed and "database:read" in said, said
    said, _, failed = await call("hand_back", reference="G-999999")
    assert failed and "Next" in said, said

    said, facts, failed = await call("may_i", access="database:read", task="ticket 7")
    assert not failed and facts["allowed"] is False and facts["can_be_asked"], said
    assert facts["evaluation_id"].startswith("eval_"), facts
    print("denied", said.splitlines()[0])

    said, facts, failed = await call(
        "request_permission", access="database:read", justification="to answer ticket 7",
        **{"for": "2h"})
    assert not failed and facts["state"] == "open", said
    reference = facts["reference"]
    said, facts, _ = await call("wait_for", reference=reference, seconds=1)
    assert facts["state"] == "open" and "not decided yet" in said, said
    print("waiting", reference, flush=True)

    async def heard(so_far, total, message):
        progress.append(message)

    result = await session.call_tool(
        "wait_for", {"reference": reference, "seconds": 60}, progress_callback=heard)
    assert "is approved" in words(result), words(result)
    assert progress and "It waits for" in progress[0], progress
    print("approved")

    said, facts, _ = await call("may_i", access="database:read")
    assert facts["allowed"] and facts["grant"] == reference, said
    said, facts, _ = await call("my_grants")
    assert [grant["reference"] for grant in facts["grants"]] == [reference], said
    said, facts, failed = await call("hand_back", reference=reference)
    assert not failed and facts["state"] == "released", said
    said, facts, _ = await call("may_i", access="database:read")
    assert facts["allowed"] is False, said
    said, facts, _ = await call("my_grants")
    assert facts["grants"] == [] and "Nothing is granted now" in said, said
    print("done", flush=True)


async def main(program, agent):
    server = StdioServerParameters(command=program, args=["mcp", "--agent", agent], env=dict(os.environ))
    async with stdio_client(server) as (read, write):
        async with ClientSession(read, write) as session:
            await story(session, [])


asyncio.run(main(*sys.argv[1:]))
