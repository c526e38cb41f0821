"""LoRA steps with torch + transformers + PEFT: the peer of `swift sft` on the same checkpoint and rows.

    python lora_peft.py MODEL_DIR ROWS.jsonl STEPS [--threads N] [--checkpointing] [--batch B]

ROWS holds pre-tokenised rows {"input_ids": [...], "labels": [...]}; one row is one step. With --batch a step takes all rows,
in padded batches of B. Prints one JSON line; its tokens/s leave padding out.
"""

import argparse
import json
import resource
import statistics
import time

import peft
import torch
import transformers


def padded(rows):
    longest = max(len(row["input_ids"]) for row in rows)
    pad = lambda values, filler: values + [filler] * (longest - len(values))
    return {
        "input_ids": torch.tensor([pad(row["input_ids"], 0) for row in rows]),
        "labels": torch.tensor([pad(row["labels"], -100) for row in rows]),
        "attention_mask": torch.tensor([pad([1] * len(row["input_ids"]), 0) for row in rows])}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("rows")
    parser.add_argument("steps", type=int)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--checkpointing", action="store_true")
    parser.add_argument("--batch", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(42)
    model = transformers.AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32)
    if args.checkpointing:
        model.gradient_checkpointing_enable()
        model.enable_input_require_grads()
    model = peft.get_peft_model(
        model, peft.LoraConfig(r=8, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"))
    model.train()  # as loaded it is in evaluation, where transformers checkpoints nothing
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
    rows = [json.loads(line) for line in open(args.rows)]
    seconds, loss = [], None
    for step in range(args.steps):
        start = time.perf_counter()
        chosen = rows if args.batch else [rows[step % len(rows)]]
        labelled = sum(1 for row in chosen for label in row["labels"][1:] if label != -100)
        loss = 0.0
        for at in range(0, len(chosen), args.batch or 1):
            batch = padded(chosen[at:at + (args.batch or 1)])
            out = model(**batch, num_items_in_batch=labelled)
            out.loss.backward()
            loss += out.loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds[1:] or seconds)
    print(json.dumps({
        "peer": "torch " + torch.__version__ + " peft " + peft.__version__, "threads": args.threads,
        "checkpointing": args.checkpointing, "median_step_s": round(median, 3),
        "tokens_per_s": round(sum(len(row["input_ids"]) for row in (rows if args.batch else rows[:1])) / median, 2), "loss": loss,
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))


if __name__ == "__main__":
    main()
