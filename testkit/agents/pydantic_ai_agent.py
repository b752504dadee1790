"""An agent on Pydantic AI, as its documentation serves one: AG-UI at /ag-ui, the AI SDK's stream at /ai-sdk. The model is
scripted; all else is the real thing."""

import os
import socket
import sys
import threading

import uvicorn
from pydantic_ai import Agent
from pydantic_ai.models.function import DeltaThinkingPart, DeltaToolCall, FunctionModel
from pydantic_ai.ui.ag_ui import AGUIAdapter
from pydantic_ai.ui.vercel_ai import VercelAIAdapter
from starlette.applications import Starlette
from starlette.routing import Route


async def model(messages, info):
    """Thinks, looks something up, and answers with what it found; or fails where it is asked to."""
    last = messages[-1].parts[-1]
    if last.part_kind == "tool-return":
        yield "Yes, "
        yield f"{last.content['found']} is hot."
    elif last.content == "Fail":
        yield "Yes"
        raise RuntimeError("out of tea")
    else:
        yield {0: DeltaThinkingPart(content="I had better look.")}
        yield {1: DeltaToolCall(name="look", json_args='{"word":', tool_call_id="c")}
        yield {1: DeltaToolCall(json_args='"tea"}')}


agent = Agent(FunctionModel(stream_function=model))


@agent.tool_plain
def look(word: str) -> dict[str, str]:
    return {"found": word}


async def ag_ui(request):
    return await AGUIAdapter.dispatch_request(request, agent=agent)


async def ai_sdk(request):
    return await VercelAIAdapter.dispatch_request(request, agent=agent)


def end_with_the_test():
    sys.stdin.read()
    os._exit(0)


app = Starlette(routes=[Route("/ag-ui", ag_ui, methods=["POST"]), Route("/ai-sdk", ai_sdk, methods=["POST"])])
server = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=end_with_the_test, daemon=True).start()
print(f"listening on http://127.0.0.1:{server.getsockname()[1]}", flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[server])
