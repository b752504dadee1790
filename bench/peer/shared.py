"""What both peers have in common: settings, who is calling, and the agent."""

import os
import time
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

import aiohttp
import jwt
import orjson
from fastapi import HTTPException, Request

KEYS_URL = os.environ["KEYS_URL"]
ISSUER = os.environ["ISSUER"]
AGENT_URL = os.environ["AGENT_URL"]
# Ten for each worker did best here: with 32 the tails grew and the throughput did not.
CONNECTIONS = 10
TRUSTED_FOR = 300.0  # as long as Colloquy is told to trust a token
MOST_TRUSTED = 20_000


def database() -> dict:
    """What asyncpg is told of the database: as with Colloquy, `host` may be the directory of a UNIX socket."""
    url = urlsplit(os.environ["DATABASE_URL"])
    query = dict(parse_qsl(url.query))
    return {
        "host": query.get("host", url.hostname),
        "port": int(query.get("port", url.port or 5432)),
        "user": unquote(url.username),
        "password": unquote(url.password),
        "database": url.path[1:],
    }


@dataclass(slots=True)
class Caller:
    user_id: object
    until: float


class Callers:
    """Verifies tokens with the issuer's keys, and remembers whose they are."""

    def __init__(self, find_user):
        self.find_user = find_user
        self.known: dict[str, Caller] = {}
        self.keys: dict[str, jwt.PyJWK] = {}

    async def load_keys(self, http: aiohttp.ClientSession) -> None:
        async with http.get(KEYS_URL) as answer:
            document = orjson.loads(await answer.read())
        self.keys = {key["kid"]: jwt.PyJWK(key) for key in document["keys"]}

    async def of(self, authorization: str | None):
        """The id of the user behind an `authorization` header."""
        if authorization is None or not authorization.startswith("Bearer "):
            raise HTTPException(401, "a bearer token is required")
        token = authorization[7:]
        caller = self.known.get(token)
        if caller is not None and caller.until > time.time():
            return caller.user_id
        return await self.verify(token)

    async def verify(self, token: str):
        try:
            key = self.keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=ISSUER,
                audience=ISSUER,
                options={"require": ["exp", "sub", "iss", "aud"]},
            )
        except (jwt.PyJWTError, KeyError) as error:
            raise HTTPException(401, "the token is not accepted") from error
        user_id = await self.find_user(claims["sub"])
        if user_id is None:
            raise HTTPException(401, "nobody has this token")
        if len(self.known) >= MOST_TRUSTED:
            self.known.clear()
        self.known[token] = Caller(user_id, min(claims["exp"], time.time() + TRUSTED_FOR))
        return user_id


async def caller(request: Request):
    """Dependency: the id of the user who is calling."""
    return await request.app.state.callers.of(request.headers.get("authorization"))


def http_client() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60))


async def ask_agent(http: aiohttp.ClientSession, conversation_id: str, question: str) -> dict:
    body = orjson.dumps({"conversation_id": conversation_id, "input": question})
    async with http.post(AGENT_URL, data=body, headers={"content-type": "application/json"}) as answer:
        if answer.status != 200:
            raise HTTPException(502, "the agent failed")
        return orjson.loads(await answer.read())
