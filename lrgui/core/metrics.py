"""Which way a metric goes, as far as its name says it. Needs no torch."""

from __future__ import annotations

import re

_HIGHER = """
    accuracy acc top1 top5 f1 fbeta auc auroc roc ap map precision recall sensitivity specificity r2 iou miou jaccard
    dice bleu rouge meteor psnr ssim kappa mcc correlation pearson spearman ndcg mrr hits reward return score elbo
    likelihood loglik loglikelihood
"""
_LOWER = """
    loss error err mae mse rmse mape smape msle rmsle perplexity ppl nll bpc bpb cer wer fid lpips brier ece distance
    entropy deviance regret
"""


def higher_is_better(name: str) -> bool | None:
    """True for accuracies, scores and their like, False for errors; None where the name says nothing, or both.

    The words of a name count: `val_acc`, `ROC AUC`, `MulticlassF1Score`.
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    # Both as it is written and by its capitals: "mean_IoU", "MulticlassF1Score".
    words = {word.lower() for text in (name, parted) for word in re.findall(r"[A-Za-z]+[0-9]*", text)}
    higher, lower = not words.isdisjoint(_HIGHER.split()), not words.isdisjoint(_LOWER.split())
    return higher if higher != lower else None
