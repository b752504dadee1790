"""What a program does that uses the package `openai`; prints what it got."""

import json
import sys

import openai

gateway, token, model, broken = sys.argv[1:]
client = openai.OpenAI(base_url=f"{gateway}/v1", api_key=token)
question = [{"role": "user", "content": "cite tea"}]

whole = client.chat.completions.create(model=model, messages=question)
conversation = whole.model_extra["colloquy"]["conversation_id"]
chunks = list(
    client.chat.completions.create(
        model=model,
        messages=[*question, {"role": "assistant", "content": "..."}, {"role": "user", "content": "more"}],
        metadata={"conversation_id": conversation},
        stream=True,
        stream_options={"include_usage": True},
    )
)
refused = {}
for name, wrong in {"model": "nobody", "agent": broken}.items():
    try:
        client.chat.completions.create(model=wrong, messages=question)
    except openai.APIStatusError as error:
        refused[name] = [error.status_code, error.code, type(error).__name__]
print(
    json.dumps(
        {
            "models": [model.id for model in client.models.list()],
            "content": whole.choices[0].message.content,
            "annotations": [a.url_citation.url for a in whole.choices[0].message.annotations],
            "streamed": "".join(c.choices[0].delta.content or "" for c in chunks if c.choices),
            "same": {c.model_extra["colloquy"]["conversation_id"] for c in chunks if "colloquy" in c.model_extra}
            == {conversation},
            "finish_reason": chunks[-2].choices[0].finish_reason,
            "usage": chunks[-1].usage.total_tokens,
            "refused": refused,
        }
    )
)
