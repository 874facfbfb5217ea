"""Writes our table of static vectors as a model that semble can read: `python semble_model.py TABLE FOLDER`."""

import sys
from pathlib import Path

import numpy as np
from model2vec import StaticModel
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

HEAD = 28


def main() -> None:
    table = Path(sys.argv[1]).read_bytes()
    _, count, dimension, spelled, _ = np.frombuffer(table, "<u4", 5, 8).tolist()
    weights = np.frombuffer(table, "<u2", count, HEAD)
    words = table[HEAD + 2 * count : HEAD + 2 * count + spelled].decode().split("\n")
    cells = np.frombuffer(table, "i1", count * dimension, HEAD + 2 * count + spelled).reshape(count, dimension)
    rows = np.vstack([cells * weights[:, None], np.zeros((1, dimension))]).astype(np.float32)
    known = {word: row for row, word in enumerate(words)} | {"[UNK]": count}
    tokenizer = Tokenizer(models.WordPiece(known, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    StaticModel(rows / np.abs(rows).max(), tokenizer, normalize=True).save_pretrained(sys.argv[2])
    print("{}")


main()
