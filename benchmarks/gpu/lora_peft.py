"""LoRA steps and decoding with torch + transformers + PEFT on a GPU: the peer of `swift selftest --device cuda`.

    python lora_peft.py MODEL_DIR TOKENS STEPS

bf16 weights, rank 8 on all linears, AdamW, one row of random ids a step. Prints one JSON line.
"""

import json
import statistics
import sys
import time

import peft
import torch
import transformers


def main():
    folder, tokens, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.manual_seed(42)
    base = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).cuda()
    prompt = torch.arange(5, 21, device="cuda")[None]

    def answer(count):
        torch.cuda.synchronize()
        start = time.perf_counter()
        base.generate(prompt, max_new_tokens=count, min_new_tokens=count, do_sample=False)
        torch.cuda.synchronize()
        return time.perf_counter() - start

    answer(2)
    decode = 62 / (answer(64) - answer(2))
    model = peft.get_peft_model(
        base, peft.LoraConfig(r=8, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"))
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
    ids = torch.randint(0, base.config.vocab_size, (1, tokens), device="cuda")
    torch.cuda.reset_peak_memory_stats()
    seconds = []
    for _ in range(steps + 1):
        torch.cuda.synchronize()
        start = time.perf_counter()
        model(input_ids=ids, labels=ids).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({
        "peer": "torch", "torch": torch.__version__, "gpu": torch.cuda.get_device_name(),
        "lora_tokens_per_s": round(tokens / statistics.mean(seconds[1:]), 1), "decode_tokens_per_s": round(decode, 1),
        "peak_bytes": torch.cuda.max_memory_allocated()}))


if __name__ == "__main__":
    main()
