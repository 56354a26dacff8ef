"""The other side of serve_speed.py: what users of `transformers.pipeline` write today.

MODEL=FOLDER python -m uvicorn --app-dir benchmarks pipeline_wrapper:app

`def` runs in a pool of threads, as FastAPI's documentation advises for work that blocks; many write `async def`, which
holds up all other requests, but has no threads that compete. Both are measured.
"""

import os

from fastapi import FastAPI
from pydantic import BaseModel
from transformers import pipeline


class Text(BaseModel):
    inputs: str


app = FastAPI()
ner = pipeline("token-classification", model=os.environ["MODEL"], aggregation_strategy="simple")


@app.post("/")
def tag(text: Text):
    return [found | {"score": float(found["score"])} for found in ner(text.inputs)]


@app.post("/async")
async def tag_in_the_loop(text: Text):
    return tag(text)
