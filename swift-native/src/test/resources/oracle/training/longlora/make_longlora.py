# Golden of shifted sparse attention: transformers' Llama with masks by head. That the masks are the groups of ms-swift is
# checked against its own code, whose roll puts the first half group behind the last one; here it is a group of its own.
# python make_longlora.py MODELS/llama3 MS_SWIFT/swift/tuners/longlora/llama.py shifted.safetensors
import re, sys, torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

LENGTH, RATIO = 32, 0.25
GROUP = int(LENGTH * RATIO)

def masks(heads, n, wrap):
    at, allowed = torch.arange(n), torch.zeros(heads, n, n, dtype=torch.bool)
    for h in range(heads):
        if h < heads // 2:
            group, order = at // GROUP, at
        else:
            group = (at + GROUP // 2) // GROUP
            order = at
            if wrap:
                group = torch.where(at < GROUP // 2, n // GROUP, group)
                order = torch.where(at < GROUP // 2, at + n, at)
        allowed[h] = (group[:, None] == group[None]) & (order[:, None] >= order[None])
    return allowed

def attend(q, k, v, scale, wrap=False):
    k, v = (x.repeat_interleave(q.shape[1] // x.shape[1], 1) for x in (k, v))
    scores = (q @ k.transpose(2, 3) * scale).masked_fill(~masks(q.shape[1], q.shape[2], wrap), float('-inf'))
    return scores.softmax(-1) @ v

def check():
    text = open(sys.argv[2]).read()
    code = {'ValueError': ValueError}
    for name in ('_preprocess_qkv', '_postprocess_qkv'):
        exec(re.search(rf'^def {name}\(.*?(?=^\S)', text, re.S | re.M).group(0), code)
    module = type('M', (), dict(training=True, num_heads=4, head_dim=12, config=type('C', (), dict(group_size_ratio=RATIO))))
    q, k, v = torch.randn(3, 1, 4, LENGTH, 12).unbind(0)
    own = attend(q, k, v, 12 ** -0.5, wrap=True)
    a, b, c, _ = code['_preprocess_qkv'](module, q.clone(), k.clone(), v.clone(), None)
    theirs = code['_postprocess_qkv'](module, torch.nn.functional.scaled_dot_product_attention(a, b, c, is_causal=True), LENGTH)
    assert torch.allclose(own, theirs, atol=1e-5), (own - theirs).abs().max()

check()
ALL_ATTENTION_FUNCTIONS.register('shifted', lambda module, q, k, v, mask, scaling=None, **rest:
                                 (attend(q, k, v, scaling).transpose(1, 2).contiguous(), None))
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32, attn_implementation='shifted')
rows = [[(7 * i * i + 3 * i + 5) % 600 for i in range(n)] for n in (32, 27, 3)]
out, loss = {}, 0
for row in rows:
    ids = torch.tensor([row])
    logits = model(ids).logits[0]
    loss = loss + torch.nn.functional.cross_entropy(logits[:-1], ids[0, 1:], reduction='sum')
    out[f'logits.{len(row)}'] = logits[-1].detach().clone()
loss = loss / 59
loss.backward()
out['loss'] = loss.detach().reshape(1)
for name in ('q_proj', 'k_proj', 'v_proj'):
    out['gradient.' + name] = getattr(model.model.layers[0].self_attn, name).weight.grad[:, :12].clone().contiguous()
save_file(out, sys.argv[3])
print(loss, {k: v.shape for k, v in out.items()})
