"""FastAPI, SQLAlchemy with asyncpg, pydantic models in and out: what a careful team writes by the book."""

import uuid
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import shared

Moment = TIMESTAMP(timezone=True)


class Base(DeclarativeBase):
    __table_args__ = {"schema": "peer"}


class User(Base):
    __tablename__ = "users"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    subject: Mapped[str]
    email: Mapped[str]
    name: Mapped[str]
    image: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Conversation(Base):
    __tablename__ = "conversations"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("peer.users.id"))
    title: Mapped[str]
    preview: Mapped[str]
    message_count: Mapped[int]
    pinned: Mapped[bool]
    archived: Mapped[bool]
    details: Mapped[Any] = mapped_column("metadata", JSONB)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Message(Base):
    __tablename__ = "messages"
    __mapper_args__ = {"eager_defaults": True}
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("peer.conversations.id"))
    role: Mapped[str]
    status: Mapped[str]
    content: Mapped[str]
    sources: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class UserAnswer(Answer):
    id: uuid.UUID
    email: str
    name: str
    image: str | None
    created_at: datetime
    updated_at: datetime


class ConversationAnswer(Answer):
    id: uuid.UUID
    title: str
    preview: str
    message_count: int
    pinned: bool
    archived: bool
    details: Any
    created_at: datetime
    updated_at: datetime


class MessageAnswer(Answer):
    id: uuid.UUID
    role: str
    status: str
    content: str
    sources: Any | None
    created_at: datetime


class NewMessage(BaseModel):
    role: str = "user"
    content: str


class Question(BaseModel):
    conversation_id: uuid.UUID
    message: str


class RunAnswer(BaseModel):
    conversation_id: uuid.UUID
    message: MessageAnswer


engine = create_async_engine(
    "postgresql+asyncpg://",
    connect_args=shared.database(),
    pool_size=shared.CONNECTIONS,
    max_overflow=0,
    pool_timeout=60,
    pool_use_lifo=True,
    json_serializer=lambda document: orjson.dumps(document).decode(),
    json_deserializer=orjson.loads,
)
Session = async_sessionmaker(engine, expire_on_commit=False)


async def find_user(subject: str) -> uuid.UUID | None:
    async with Session() as session:
        return await session.scalar(select(User.id).where(User.subject == subject))


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.http = shared.http_client()
    app.state.callers = shared.Callers(find_user)
    await app.state.callers.load_keys(app.state.http)
    yield
    await app.state.http.close()
    await engine.dispose()


async def session():
    async with Session() as opened:
        yield opened


app = FastAPI(lifespan=lifespan)
UserId = Annotated[uuid.UUID, Depends(shared.caller)]
Database = Annotated[AsyncSession, Depends(session)]


@app.get("/users/me", response_model=UserAnswer)
async def me(user_id: UserId, db: Database):
    return await db.get(User, user_id)


@app.get("/conversations", response_model=list[ConversationAnswer])
async def conversations(user_id: UserId, db: Database, limit: Annotated[int, Query(ge=1, le=100)] = 20):
    query = select(Conversation).where(Conversation.user_id == user_id)
    newest = query.order_by(Conversation.updated_at.desc(), Conversation.id.desc()).limit(limit)
    return (await db.scalars(newest)).all()


@app.get("/conversations/{conversation_id}/messages", response_model=list[MessageAnswer])
async def messages(
    conversation_id: uuid.UUID, user_id: UserId, db: Database, limit: Annotated[int, Query(ge=1, le=100)] = 50
):
    query = select(Message).join(Conversation, Conversation.id == Message.conversation_id)
    mine = query.where(Conversation.id == conversation_id, Conversation.user_id == user_id)
    newest = (await db.scalars(mine.order_by(Message.created_at.desc(), Message.id.desc()).limit(limit))).all()
    if not newest:
        raise HTTPException(404, "no such conversation")
    return newest[::-1]


async def append(db: AsyncSession, user_id, conversation_id, role: str, content: str, sources=None) -> Message:
    touch = update(Conversation).where(Conversation.id == conversation_id, Conversation.user_id == user_id)
    touch = touch.values(updated_at=func.now(), message_count=Conversation.message_count + 1, preview=content[:100])
    touched = await db.execute(touch.execution_options(synchronize_session=False))
    if touched.rowcount == 0:
        raise HTTPException(404, "no such conversation")
    message = Message(conversation_id=conversation_id, role=role, status="completed", content=content, sources=sources)
    db.add(message)
    await db.commit()
    return message


@app.post("/conversations/{conversation_id}/messages", response_model=MessageAnswer, status_code=201)
async def create_message(conversation_id: uuid.UUID, new: NewMessage, user_id: UserId, db: Database):
    return await append(db, user_id, conversation_id, new.role, new.content)


@app.post("/agents/run", response_model=RunAnswer)
async def run(question: Question, request: Request, user_id: UserId):
    place = question.conversation_id
    # No connection is held while the agent works.
    async with Session() as db:
        await append(db, user_id, place, "user", question.message)
    answer = await shared.ask_agent(request.app.state.http, str(place), question.message)
    async with Session() as db:
        message = await append(db, user_id, place, "assistant", answer["output"], answer.get("sources"))
    return {"conversation_id": place, "message": message}
