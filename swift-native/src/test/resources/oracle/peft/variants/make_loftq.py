# Golden of LoftQ: PEFT 0.21's own loftq_init on the CPU, with the NF4 of bitsandbytes written out in torch.
# python make_loftq.py MODELS/qwen3 loftq.safetensors
import importlib.util, inspect, sys, types, torch
from safetensors.torch import save_file
CODE = torch.tensor([-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
    -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634,
    0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0])

class P4:
    def __init__(self, w, requires_grad, compress_statistics, quant_type):
        assert not compress_statistics and quant_type == 'nf4'
        flat = w.reshape(-1, 64)
        self.quant_state = flat.abs().amax(1)
        self.data = torch.bucketize(flat / self.quant_state[:, None], (CODE[1:] + CODE[:-1]) / 2).reshape(w.shape)

    def to(self, device):
        return self

bnb = types.ModuleType('bitsandbytes')
bnb.nn = types.SimpleNamespace(Params4bit=P4)
bnb.functional = types.SimpleNamespace(dequantize_4bit=lambda data, scale: (CODE[data].reshape(-1, 64) * scale[:, None]).reshape(data.shape))
import peft.utils.loftq_utils as loftq
import peft.tuners.lora.layer as layer
from peft import LoraConfig, LoftQConfig, get_peft_model
from transformers import AutoModelForCausalLM
find = importlib.util.find_spec  # PEFT asks for scipy and does not use it here
importlib.util.find_spec = lambda name, *a: object() if name == 'scipy' else find(name, *a)
loftq.is_bnb_available = loftq.is_bnb_4bit_available = lambda: True
loftq.clear_device_cache = lambda: None
exec(inspect.getsource(loftq.loftq_init).replace('else "cuda"', 'else "cpu"'), loftq.__dict__)

def init(*args, **kwargs):
    sys.modules['bitsandbytes'] = bnb
    try:
        return loftq.loftq_init(*args, **kwargs)
    finally:
        del sys.modules['bitsandbytes']

layer.loftq_init = init
ids, out = torch.tensor([[5, 17, 300, 9, 41, 8]]), {}
for rounds in (1, 3):
    model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32)
    model = get_peft_model(model, LoraConfig(r=4, lora_alpha=4, target_modules='all-linear', init_lora_weights='loftq',
                                             loftq_config=LoftQConfig(loftq_bits=4, loftq_iter=rounds))).eval()
    k = model.base_model.model.model.layers[1].self_attn.k_proj
    out[f'weight.{rounds}'] = k.base_layer.weight.data.clone()
    out[f'product.{rounds}'] = (k.lora_B['default'].weight @ k.lora_A['default'].weight).detach()
    with torch.no_grad():
        out[f'logits.{rounds}'] = model(ids).logits[0, -1].clone()
save_file(out, sys.argv[2])
