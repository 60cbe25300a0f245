"""Scores of sacrebleu and rouge-score for pairs of texts.

Reads JSON from standard input: a list of [answer, reference]. Writes JSON: for each pair the sentence scores, then the
corpus scores of all pairs, each from 0 to 1.
"""

import json
import logging
import sys

from rouge_score import rouge_scorer
from sacrebleu.metrics import BLEU, CHRF

logging.disable(logging.WARNING)


def main():
    pairs = json.load(sys.stdin)
    answers = [answer for answer, _ in pairs]
    references = [[reference for _, reference in pairs]]
    sentence_bleu = BLEU(effective_order=True)
    chrf = CHRF()
    plain = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    stemmed = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=True)
    rows = [
        {
            "bleu": sentence_bleu.sentence_score(answer, [reference]).score / 100,
            "chrf": chrf.sentence_score(answer, [reference]).score / 100,
            "rouge_l": plain.score(reference, answer)["rougeL"].fmeasure,
            "rouge_l_porter": stemmed.score(reference, answer)["rougeL"].fmeasure,
        }
        for answer, reference in pairs
    ]
    corpus = {
        "bleu": BLEU().corpus_score(answers, references).score / 100,
        "chrf": chrf.corpus_score(answers, references).score / 100,
    }
    json.dump({"rows": rows, "corpus": corpus}, sys.stdout)


main()
