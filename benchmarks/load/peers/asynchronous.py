"""FastAPI with AsyncOpenAI, as its documentation shows it, and dream's own retrieval on the same exported model.

uvicorn serves `app`. DREAM_HOME, PEER_UPSTREAM and PEER_TELLS say where the fragments are, and what is asked.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from openai import AsyncOpenAI
from pydantic import BaseModel

from dream.service import Service
from dream.settings import load_settings

service = Service(load_settings())
service.warm()
corpus_id = service.corpus(None).id
client = AsyncOpenAI(base_url=os.environ["PEER_UPSTREAM"], api_key="none")
app = FastAPI()


class Asked(BaseModel):
    premise: str


@app.get("/livez")
async def livez() -> str:
    return "ok"


@app.post("/story")
async def story(asked: Asked) -> StreamingResponse:
    return StreamingResponse(_told(asked.premise), media_type="text/event-stream")


async def _told(premise: str) -> AsyncIterator[str]:
    context = await asyncio.to_thread(_context, premise)
    stream = await client.chat.completions.create(
        model=os.environ["PEER_TELLS"],
        messages=[
            {"role": "system", "content": f"Tell a story from the following context.\n\n{context}"},
            {"role": "user", "content": premise},
        ],
        stream=True,
    )
    async for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            yield f"data: {json.dumps({'text': chunk.choices[0].delta.content})}\n\n"
    yield "data: [DONE]\n\n"


def _context(premise: str) -> str:
    found = service.retriever.for_story(corpus_id, [premise], limit=10, budget=service.settings.fragment_budget)
    return "\n\n".join(hit.fragment.text for hit in found.hits)
