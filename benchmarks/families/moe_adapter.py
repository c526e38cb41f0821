"""An adapter of PEFT on every projection, expert and router of a mixture of experts, and the logits that it gives.

    python moe_adapter.py MODEL_DIR OUT        needs torch, transformers 5, peft, safetensors
"""

import os
import sys

import peft
import torch
import transformers
from safetensors.torch import save_file

base, out = sys.argv[1:]
torch.manual_seed(3)
model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
model = peft.get_peft_model(
    model, peft.LoraConfig(r=2, lora_alpha=6, target_modules="all-linear", task_type="CAUSAL_LM"))
for name, value in model.named_parameters():
    if "lora_B" in name:
        torch.nn.init.normal_(value, std=0.3)
model.save_pretrained(out)
ids = torch.randint(3, 90, (1, 20))
save_file({"input_ids": ids, "logits": model.eval()(input_ids=ids).logits.detach().contiguous()},
          os.path.join(out, "golden.safetensors"))
