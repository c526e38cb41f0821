"""Tiny random checkpoints of every family with what the reference computes from them, for FamilyGoldenTest.

    python make.py OUT [NAME ...]

Needs torch, transformers and safetensors. Each folder of OUT gets config.json, model.safetensors and golden.json /
golden.safetensors: logits of three rows, computed alone and checked in a padded batch, loss, norm and probe
(sum of g[i] * sin(i + 1)) of every parameter's gradient, greedy tokens. Families that transformers lacks are computed by
`published.py`.
"""

import copy
import json
import os
import sys

import torch
import transformers
from safetensors.torch import save_file

from published import PUBLISHED

COMMON = dict(vocab_size=96, hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4,
              num_key_value_heads=2, max_position_embeddings=64, pad_token_id=0, bos_token_id=1, eos_token_id=2)
MOE = dict(moe_intermediate_size=20, num_experts=5, num_experts_per_tok=2)
HYBRID = dict(linear_num_key_heads=2, linear_num_value_heads=4, linear_key_head_dim=8, linear_value_head_dim=6,
              linear_conv_kernel_dim=3, head_dim=16,
              layer_types=["linear_attention", "full_attention", "linear_attention"])
WINDOWED = ["sliding_attention", "sliding_attention", "full_attention"]
LATENT = dict(kv_lora_rank=12, qk_rope_head_dim=6, qk_nope_head_dim=10, v_head_dim=8, num_key_value_heads=4,
              moe_intermediate_size=20, n_routed_experts=8, num_experts_per_tok=3, first_k_dense_replace=1)


def rope(kind, **more):
    return dict(rope_parameters=dict(rope_type=kind, rope_theta=more.pop("theta", 10000.0), **more))


def yarn(**more):
    return rope("yarn", factor=4.0, original_max_position_embeddings=16, beta_fast=32.0, beta_slow=1.0, **more)


CASES = {
    "qwen2": ("Qwen2", rope("dynamic", factor=2.0)),
    "qwen2-window": ("Qwen2", dict(use_sliding_window=True, sliding_window=5, layer_types=WINDOWED)),
    "qwen2-moe": ("Qwen2Moe", dict(MOE, shared_expert_intermediate_size=28, mlp_only_layers=[1])),
    "qwen3": ("Qwen3", dict(yarn(), head_dim=12, tie_word_embeddings=True)),
    "qwen3-moe": ("Qwen3Moe", dict(MOE, head_dim=12, norm_topk_prob=True, decoder_sparse_step=2)),
    "qwen3-next": ("Qwen3Next", dict(HYBRID, **MOE, shared_expert_intermediate_size=28)),
    "qwen3.5": ("Qwen3_5Text", dict(HYBRID)),
    "llama": ("Llama", dict(rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                 original_max_position_embeddings=32), attention_bias=True, mlp_bias=True)),
    "llama-linear": ("Llama", dict(rope("linear", factor=3.0), num_key_value_heads=4)),
    "mistral": ("Mistral", dict(sliding_window=6, head_dim=12)),
    "mixtral": ("Mixtral", dict(num_local_experts=5, num_experts_per_tok=2)),
    "gemma": ("Gemma", dict(head_dim=12)),
    "gemma2": ("Gemma2", dict(head_dim=12, query_pre_attn_scalar=10, sliding_window=5, attn_logit_softcapping=3.0,
                              final_logit_softcapping=4.0)),
    "gemma3": ("Gemma3Text", dict(head_dim=12, query_pre_attn_scalar=10, sliding_window=5, layer_types=WINDOWED)),
    "glm": ("Glm", dict(head_dim=12, attention_bias=True)),
    "glm4": ("Glm4", dict(head_dim=16, attention_bias=True)),
    "glm4-moe": ("Glm4Moe", dict(head_dim=16, use_qk_norm=True, attention_bias=True, moe_intermediate_size=20,
                                 n_routed_experts=8, num_experts_per_tok=3, n_shared_experts=2, n_group=2, topk_group=1,
                                 first_k_dense_replace=1, routed_scaling_factor=1.7)),
    "deepseek-v2": ("DeepseekV2", dict(LATENT, q_lora_rank=14, n_shared_experts=2, topk_method="group_limited_greedy",
                                       n_group=4, topk_group=2, routed_scaling_factor=1.5)),
    "deepseek-v2-lite": ("DeepseekV2", dict(LATENT, q_lora_rank=None, n_shared_experts=1, topk_method="greedy",
                                            **yarn(mscale=0.7, mscale_all_dim=0.7))),
    "deepseek-v3": ("DeepseekV3", dict(LATENT, q_lora_rank=14, n_group=2, topk_group=1, routed_scaling_factor=1.5,
                                       rope_interleave=False)),
    "phi3": ("Phi3", dict(sliding_window=7)),
    "phi3-longrope": ("Phi3", dict(original_max_position_embeddings=32, rope_parameters=dict(
        rope_type="longrope", rope_theta=10000.0, short_factor=[1.0, 1.1, 1.3, 1.7], long_factor=[1.0, 2.0, 4.0, 8.0]))),
    "phi4-mini": ("Phi3", dict(head_dim=16, rope_parameters=dict(
        rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.75))),
    "granite": ("Granite", dict(embedding_multiplier=6.0, attention_multiplier=0.2, residual_multiplier=0.4,
                                logits_scaling=3.0, tie_word_embeddings=True)),
    "olmo2": ("Olmo2", {}),
    "smollm3": ("SmolLM3", dict(no_rope_layers=[1, 0, 1], use_sliding_window=True, sliding_window=5)),
    "cohere": ("Cohere", dict(use_qk_norm=True, logit_scale=0.3)),
    "cohere2": ("Cohere2", dict(sliding_window=5, layer_types=WINDOWED, logit_scale=0.3)),
    "exaone4": ("Exaone4", dict(sliding_window=5, layer_types=WINDOWED)),
    "exaone4-full": ("Exaone4", dict(sliding_window=None, layer_types=["full_attention"] * 3)),
    "seed-oss": ("SeedOss", dict(head_dim=12, attention_bias=True, attention_out_bias=True)),
    "gpt-oss": ("GptOss", dict(head_dim=12, num_local_experts=4, num_experts_per_tok=2, sliding_window=5)),
    "starcoder2": ("Starcoder2", dict(sliding_window=5)),
    "gpt2": ("GPT2", dict(n_embd=32, n_layer=3, n_head=4, n_positions=64, n_inner=40,
                          scale_attn_by_inverse_layer_idx=True)),
}
GPT2_LACKS = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
              "max_position_embeddings")


def build(name):
    if name in PUBLISHED:
        return PUBLISHED[name]()
    prefix, own = CASES[name]
    settings = dict(COMMON, **own)
    if prefix == "GPT2":
        settings = {k: v for k, v in settings.items() if k not in GPT2_LACKS}
        settings.update(resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0)
    config = getattr(transformers, prefix + "Config")(**settings)
    config._attn_implementation = "eager"
    config.architectures = [prefix.replace("Text", "") + ("LMHeadModel" if prefix == "GPT2" else "ForCausalLM")]
    model_class = transformers.AutoModelForCausalLM._model_mapping[type(config)]
    return model_class(config).float().train(False)


def randomise(model, zero_norms):
    correction = [(n, b) for n, b in model.named_buffers() if "correction_bias" in n]
    for name, value in list(model.named_parameters()) + correction:
        with torch.no_grad():
            if "A_log" in name or "dt_bias" in name or "sinks" in name:
                value.copy_(torch.randn_like(value) * 0.5)
            elif "norm" in name or ".ln_" in name:
                value.copy_(torch.randn_like(value) * 0.1 + (0.0 if zero_norms or name.endswith("bias") else 1.0))
            elif value.ndim < 2:
                value.copy_(torch.randn_like(value) * 0.2)
            elif "embed" in name or "wte" in name or "wpe" in name:
                value.copy_(torch.randn_like(value) * 0.6)
            else:
                value.copy_(torch.randn_like(value) * (1.4 / value.shape[-1] ** 0.5))
            value.copy_(value.bfloat16().float())


def probe(gradient):
    flat = gradient.double().flatten()
    return float((flat * torch.sin(torch.arange(1, flat.numel() + 1, dtype=torch.float64))).sum())


def greedy(model, row, steps):
    ids, margin = list(row), 1e9
    for _ in range(steps):
        best = model(input_ids=torch.tensor([ids])).logits[0, -1].detach().topk(2).values
        margin = min(margin, float(best[0] - best[1]))
        ids.append(int(model(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
    return ids[len(row):], margin


def make(out, name, number):
    for attempt in range(20):
        torch.manual_seed(7000 + 100 * number + attempt)
        model = build(name)
        randomise(model, name in ("gemma", "gemma2", "gemma3", "qwen3-next", "qwen3.5"))
        rows = [torch.randint(3, 96, (n,)).tolist() for n in (17, 9, 40)]
        tokens, margin = greedy(model, rows[1], 10)
        if margin > 2e-3:
            break
    folder = os.path.join(out, name)
    os.makedirs(folder, exist_ok=True)
    copy.deepcopy(model).bfloat16().save_pretrained(folder)
    generation = os.path.join(folder, "generation_config.json")
    if os.path.exists(generation):
        os.remove(generation)
    singles = [model(input_ids=torch.tensor([row])).logits[0] for row in rows]
    longest = max(map(len, rows))
    padded_off = 0.0
    for left in (False, True):
        ids, mask = [], []
        for row in rows:
            gap = [0] * (longest - len(row))
            ids.append(gap + row if left else row + gap)
            mask.append(gap + [1] * len(row) if left else [1] * len(row) + gap)
        mask = torch.tensor(mask)
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        logits = model(input_ids=torch.tensor(ids), attention_mask=mask, position_ids=positions).logits
        for i, row in enumerate(rows):
            if name == "phi3-longrope":
                continue  # the reference picks one set of factors for a whole batch, by its longest row
            own = logits[i, longest - len(row):] if left else logits[i, :len(row)]
            padded_off = max(padded_off, float((own - singles[i]).abs().max()))
    labels = [[-100 if i % 5 == 0 else token for i, token in enumerate(row)] for row in rows]
    losses = [torch.nn.functional.cross_entropy(s[:-1], torch.tensor(l[1:]), reduction="sum", ignore_index=-100)
              for s, l in zip(singles, labels)]
    count = sum(sum(t != -100 for t in l[1:]) for l in labels)
    loss = sum(losses) / count
    loss.backward()
    gradients = {n: dict(norm=float(p.grad.double().norm()), probe=probe(p.grad))
                 for n, p in model.named_parameters() if p.grad is not None}
    save_file({f"logits.{i}": s.detach().contiguous() for i, s in enumerate(singles)},
              os.path.join(folder, "golden.safetensors"))
    with open(os.path.join(folder, "golden.json"), "w") as file:
        json.dump(dict(rows=rows, labels=labels, loss=float(loss), gradients=gradients, greedy=tokens, margin=margin,
                       padded_off=padded_off, transformers=transformers.__version__), file)
    print(f"{name:18s} loss {float(loss):.4f} margin {margin:.4f} padded {padded_off:.1e} "
          f"std {float(torch.cat(singles).std()):.2f} parameters {sum(p.numel() for p in model.parameters())}")


if __name__ == "__main__":
    every = list(CASES) + list(PUBLISHED)
    for chosen in sys.argv[2:] or every:
        make(sys.argv[1], chosen, every.index(chosen))
