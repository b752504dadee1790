"""FastAPI for its routes alone: one statement for each answer, asyncpg, orjson; no models and no ORM."""

from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

import asyncpg
import orjson
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response

import shared

USER_OF = "SELECT id FROM peer.users WHERE subject = $1"
ME = "SELECT id, email, name, image, created_at, updated_at FROM peer.users WHERE id = $1"
CONVERSATIONS = """
    SELECT id, title, preview, message_count, pinned, archived, metadata, created_at, updated_at
    FROM peer.conversations WHERE user_id = $1 ORDER BY updated_at DESC, id DESC LIMIT $2"""
MESSAGES = """
    SELECT m.id, m.role, m.status, m.content, m.sources, m.created_at
    FROM peer.conversations c
    CROSS JOIN LATERAL (
        SELECT * FROM peer.messages m WHERE m.conversation_id = c.id ORDER BY created_at DESC, id DESC LIMIT $3
    ) m
    WHERE c.id = $1 AND c.user_id = $2"""
APPEND = """
    WITH touched AS (
        UPDATE peer.conversations
        SET updated_at = now(), message_count = message_count + 1, preview = left($4, 100)
        WHERE id = $1 AND user_id = $2 RETURNING id
    )
    INSERT INTO peer.messages (conversation_id, role, status, content, sources)
    SELECT id, $3, 'completed', $4, $5::jsonb FROM touched RETURNING id, created_at"""


async def keep_as_it_is(_connection):
    """Nothing here changes a session: the statement that resets one would be a round trip for nothing."""


async def with_text_ids(connection):
    await connection.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str, format="text")


@asynccontextmanager
async def lifespan(app: FastAPI):
    pool = await asyncpg.create_pool(
        **shared.database(),
        min_size=shared.CONNECTIONS,
        max_size=shared.CONNECTIONS,
        reset=keep_as_it_is,
        init=with_text_ids,
    )
    app.state.pool, app.state.http = pool, shared.http_client()
    app.state.callers = shared.Callers(lambda subject: pool.fetchval(USER_OF, subject))
    await app.state.callers.load_keys(app.state.http)
    yield
    await app.state.http.close()
    await pool.close()


app = FastAPI(lifespan=lifespan)
UserId = Annotated[str, Depends(shared.caller)]


def answer(document, status: int = 200) -> Response:
    return Response(orjson.dumps(document), status_code=status, media_type="application/json")


def raw(stored: str | None):
    return None if stored is None else orjson.Fragment(stored)


async def read(request: Request, *names: str) -> list:
    try:
        body = orjson.loads(await request.body())
        return [body[name] for name in names]
    except (KeyError, TypeError, ValueError) as error:
        raise HTTPException(422, "the body is not as it should be") from error


@app.get("/users/me")
async def me(request: Request, user_id: UserId):
    return answer(dict(await request.app.state.pool.fetchrow(ME, user_id)))


@app.get("/conversations")
async def conversations(request: Request, user_id: UserId, limit: Annotated[int, Query(ge=1, le=100)] = 20):
    rows = await request.app.state.pool.fetch(CONVERSATIONS, user_id, limit)
    return answer([{**row, "metadata": raw(row["metadata"])} for row in rows])


@app.get("/conversations/{conversation_id}/messages")
async def messages(
    conversation_id: UUID, request: Request, user_id: UserId, limit: Annotated[int, Query(ge=1, le=100)] = 50
):
    rows = await request.app.state.pool.fetch(MESSAGES, conversation_id, user_id, limit)
    if not rows:
        raise HTTPException(404, "no such conversation")
    return answer([{**row, "sources": raw(row["sources"])} for row in reversed(rows)])


async def append(pool, user_id, conversation_id, role: str, content: str, sources: str | None = None) -> dict:
    row = await pool.fetchrow(APPEND, conversation_id, user_id, role, content, sources)
    if row is None:
        raise HTTPException(404, "no such conversation")
    told = {"role": role, "status": "completed", "content": content, "sources": raw(sources)}
    return {"id": row["id"], **told, "created_at": row["created_at"]}


@app.post("/conversations/{conversation_id}/messages")
async def create_message(conversation_id: UUID, request: Request, user_id: UserId):
    role, content = await read(request, "role", "content")
    return answer(await append(request.app.state.pool, user_id, conversation_id, role, content), 201)


@app.post("/agents/run")
async def run(request: Request, user_id: UserId):
    conversation_id, question = await read(request, "conversation_id", "message")
    state = request.app.state
    await append(state.pool, user_id, conversation_id, "user", question)
    said = await shared.ask_agent(state.http, conversation_id, question)
    sources = orjson.dumps(said.get("sources")).decode()
    message = await append(state.pool, user_id, conversation_id, "assistant", said["output"], sources)
    return answer({"conversation_id": conversation_id, "message": message})
