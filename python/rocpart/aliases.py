# SPDX-License-Identifier: MIT
"""Names of models as the prototype's programs write them.

An alias names the same weights, or weights of the same shape: equal bytes. A name of the prototype
that no published model has is none.
"""
from .errors import ModelUnknownError
from .model import Catalog, Model

ALIASES = {
    "CohereForAI/aya-expanse-8B": "CohereLabs/aya-expanse-8b",
    "CohereForAI/aya-expanse-32B": "CohereLabs/aya-expanse-32b",
    "deepseek-ai/DeepSeek-R1-Zero": "deepseek-ai/DeepSeek-R1",
    "deepseek-ai/DeepSeek-V3-0324": "deepseek-ai/DeepSeek-V3",
    "deepseek-ai/Distill-Llama-8B": "deepseek-ai/DeepSeek-R1-Distill-Llama-8B",
    "google/gemma-3-1B": "google/gemma-3-1b-it",
    "google/gemma-3-4B": "google/gemma-3-4b-it",
    "google/gemma-3-12B": "google/gemma-3-12b-it",
    "google/gemma-3-27B": "google/gemma-3-27b-it",
    "meta-llama/Llama-3.2-11B-Instruct": "meta-llama/Llama-3.2-11B-Vision-Instruct",
    "meta-llama/Llama-4-Scout-17B": "meta-llama/Llama-4-Scout-17B-16E-Instruct",
    "mistralai/Mistral-Large": "mistralai/Mistral-Large-Instruct-2407",
    "mistralai/Mistral-Small-3.1-24B": "mistralai/Mistral-Small-3.1-24B-Instruct-2503",
    "Qwen/Qwen3-4B-Instruct": "Qwen/Qwen3-4B",
    "Qwen/Qwen3-8B-Instruct": "Qwen/Qwen3-8B",
    "Qwen/Qwen3-14B-Instruct": "Qwen/Qwen3-14B",
    "Qwen/Qwen3-30B-Instruct": "Qwen/Qwen3-30B-A3B",
    "Qwen/Qwen3-32B-Instruct": "Qwen/Qwen3-32B",
    "unsloth/Llama-3.2-11B-Vision": "meta-llama/Llama-3.2-11B-Vision-Instruct",
}


def find_model(catalog: Catalog, name: str) -> Model:
    """Find a model by its name, or by a name of the prototype that the catalog does not have."""
    try:
        return catalog.find(name)
    except ModelUnknownError:
        if name not in ALIASES:
            raise
        return catalog.find(ALIASES[name])
