"""Families that transformers does not have, transcribed from the arithmetic of their published code."""

import json
import math
import os
from types import SimpleNamespace

import torch
from safetensors.torch import save_file
from torch import nn


def rms(x, weight, eps):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight


def rotate(x, theta, positions):
    """x (n,heads,d): halves rotated against each other."""
    d = x.shape[-1]
    angles = positions[:, None] * theta ** (-torch.arange(0, d, 2).float() / d)
    cos, sin = angles.cos()[:, None, :], angles.sin()[:, None, :]
    a, b = x[..., : d // 2], x[..., d // 2:]
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


def attend(q, k, v):
    """Causal attention, q (n,heads,d), k and v (n,groups,d)."""
    group = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
    scores = torch.einsum("ihd,jhd->hij", q, k) / math.sqrt(q.shape[-1])
    n = q.shape[0]
    scores = scores.masked_fill(torch.triu(torch.ones(n, n, dtype=torch.bool), 1), float("-inf"))
    return torch.einsum("hij,jhd->ihd", scores.softmax(-1), v).reshape(n, -1)


class Published(nn.Module):
    """A decoder over named weights; `spec` says what the family does differently."""

    def __init__(self, config, shapes, layer, embedding, norm, head, scale_embedding=1.0, scale_logits=1.0):
        super().__init__()
        self.config = config
        self.weights = nn.ParameterDict({n.replace(".", "/"): nn.Parameter(torch.zeros(s)) for n, s in shapes.items()})
        self.layer, self.embedding, self.norm, self.head = layer, embedding, norm, head
        self.scale_embedding, self.scale_logits = scale_embedding, scale_logits

    def w(self, name):
        return self.weights[name.replace(".", "/")]

    def named_parameters(self, *args, **kwargs):
        return [(name.replace("/", "."), value) for name, value in self.weights.items()]

    def forward(self, input_ids, attention_mask=None, position_ids=None):
        rows = []
        for i, ids in enumerate(input_ids):
            mask = torch.ones_like(ids) if attention_mask is None else attention_mask[i]
            kept = ids[mask.bool()]
            x = self.w(self.embedding)[kept] * self.scale_embedding
            for index in range(self.config["num_hidden_layers"]):
                x = self.layer(self, x, index)
            x = rms(x, self.w(self.norm), self.config["rms_norm_eps"])
            logits = (x @ self.w(self.head).T) * self.scale_logits
            full = torch.zeros(len(ids), logits.shape[-1])
            full[mask.bool()] = logits
            rows.append(full)
        return SimpleNamespace(logits=torch.stack(rows))

    def save_pretrained(self, folder):
        save_file({n: p.detach().contiguous() for n, p in self.named_parameters()},
                  os.path.join(folder, "model.safetensors"))
        with open(os.path.join(folder, "config.json"), "w") as file:
            json.dump(self.config, file)


SIZES = dict(vocab_size=96, hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=64, rms_norm_eps=1e-5, rope_theta=10000.0,
             hidden_act="silu", tie_word_embeddings=False, torch_dtype="float32")


def linear(m, x, path):
    y = x @ m.w(path + ".weight").T
    return y + m.w(path + ".bias") if path.replace(".", "/") + "/bias" in m.weights else y


def internlm2():
    """wqkv holds, for each key head, its queries, the key and the value; w1 gates, w3 is gated, w2 goes back."""
    config = dict(SIZES, model_type="internlm2", architectures=["InternLM2ForCausalLM"], bias=True)
    groups, per, d = 2, 2, 8
    shapes = {"model.tok_embeddings.weight": (96, 32), "model.norm.weight": (32,), "output.weight": (96, 32)}
    for i in range(3):
        at = f"model.layers.{i}."
        shapes.update({at + "attention.wqkv.weight": (groups * (per + 2) * d, 32),
                       at + "attention.wqkv.bias": (groups * (per + 2) * d,), at + "attention.wo.weight": (32, 32),
                       at + "attention.wo.bias": (32,), at + "feed_forward.w1.weight": (48, 32),
                       at + "feed_forward.w3.weight": (48, 32), at + "feed_forward.w2.weight": (32, 48),
                       at + "attention_norm.weight": (32,), at + "ffn_norm.weight": (32,)})

    def layer(m, x, i):
        at, n = f"model.layers.{i}.", x.shape[0]
        h = rms(x, m.w(at + "attention_norm.weight"), 1e-5)
        qkv = linear(m, h, at + "attention.wqkv").view(n, groups, per + 2, d)
        q, k, v = qkv[:, :, :per].reshape(n, -1, d), qkv[:, :, -2], qkv[:, :, -1]
        positions = torch.arange(n).float()
        x = x + linear(m, attend(rotate(q, 1e4, positions), rotate(k, 1e4, positions), v), at + "attention.wo")
        h = rms(x, m.w(at + "ffn_norm.weight"), 1e-5)
        gate = nn.functional.silu(linear(m, h, at + "feed_forward.w1")) * linear(m, h, at + "feed_forward.w3")
        return x + linear(m, gate, at + "feed_forward.w2")

    return Published(config, shapes, layer, "model.tok_embeddings.weight", "model.norm.weight", "output.weight")


def llama_like(config, d, qkv_bias, bias, residual, **ends):
    shapes = {"model.embed_tokens.weight": (96, 32), "model.norm.weight": (32,), "lm_head.weight": (96, 32)}
    heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
    for i in range(config["num_hidden_layers"]):
        at = f"model.layers.{i}."
        for name, out, into, biased in (("self_attn.q_proj", heads * d, 32, qkv_bias),
                                        ("self_attn.k_proj", groups * d, 32, qkv_bias),
                                        ("self_attn.v_proj", groups * d, 32, qkv_bias),
                                        ("self_attn.o_proj", 32, heads * d, bias), ("mlp.gate_proj", 48, 32, bias),
                                        ("mlp.up_proj", 48, 32, bias), ("mlp.down_proj", 32, 48, bias)):
            shapes[at + name + ".weight"] = (out, into)
            if biased:
                shapes[at + name + ".bias"] = (out,)
        shapes[at + "input_layernorm.weight"] = shapes[at + "post_attention_layernorm.weight"] = (32,)

    def layer(m, x, i):
        at, n = f"model.layers.{i}.", x.shape[0]
        h = rms(x, m.w(at + "input_layernorm.weight"), config["rms_norm_eps"])
        q, k, v = (linear(m, h, at + "self_attn." + p).view(n, -1, d) for p in ("q_proj", "k_proj", "v_proj"))
        positions = torch.arange(n).float()
        mixed = attend(rotate(q, 1e4, positions), rotate(k, 1e4, positions), v)
        x = x + linear(m, mixed, at + "self_attn.o_proj") * residual
        h = rms(x, m.w(at + "post_attention_layernorm.weight"), config["rms_norm_eps"])
        gate = nn.functional.silu(linear(m, h, at + "mlp.gate_proj")) * linear(m, h, at + "mlp.up_proj")
        return x + linear(m, gate, at + "mlp.down_proj") * residual

    return Published(config, shapes, layer, "model.embed_tokens.weight", "model.norm.weight", "lm_head.weight", **ends)


def internlm3():
    """Llama with a head size of its own and biases that are switched apart."""
    config = dict(SIZES, model_type="internlm3", architectures=["InternLM3ForCausalLM"], qkv_bias=True, bias=True,
                  head_dim=12)
    return llama_like(config, 12, True, True, 1.0)


def minicpm():
    """Embeddings times scale_emb, residuals times scale_depth / sqrt(layers), logits over hidden / dim_model_base."""
    config = dict(SIZES, model_type="minicpm", architectures=["MiniCPMForCausalLM"], scale_emb=3.0, scale_depth=1.4,
                  dim_model_base=16)
    return llama_like(config, 8, False, False, 1.4 / math.sqrt(3), scale_embedding=3.0, scale_logits=16 / 32)


PUBLISHED = {"internlm2": internlm2, "internlm3": internlm3, "minicpm": minicpm}
