"""MiniLM through torch and transformers, in bfloat16, as sentence-transformers does it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from transformers import AutoTokenizer, BertModel

LONGEST, BATCH = 256, 32


def load(folder: Path) -> Callable[[list[str]], object]:
    """What embeds texts."""
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = BertModel.from_pretrained(folder, dtype=torch.bfloat16).eval()

    def embed(texts: list[str]) -> object:
        found = []
        for at in range(0, len(texts), BATCH):
            asked = tokenizer(
                texts[at : at + BATCH], padding=True, truncation=True, max_length=LONGEST, return_tensors="pt"
            )
            with torch.inference_mode():
                states = model(**asked).last_hidden_state.float()
                seen = asked["attention_mask"].unsqueeze(-1)
                means = (states * seen).sum(1) / seen.sum(1)
                found.append(torch.nn.functional.normalize(means, dim=1).numpy())
        return found

    return embed
