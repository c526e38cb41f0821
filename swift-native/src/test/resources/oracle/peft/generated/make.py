# What PEFT answers under prefix tuning and X-LoRA: python make.py ORACLE generated.json
import json, sys, torch
from peft import PeftModel, XLoraConfig, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM
out = {}
for name in ('prefix', 'xlora'):
    torch.manual_seed(0)
    base = AutoModelForCausalLM.from_pretrained(sys.argv[1] + '/models/qwen3-untied-sharded', dtype=torch.float32)
    base.config.use_cache = name != 'xlora'
    folder = sys.argv[1] + '/peft/' + name
    if name == 'prefix':
        model = PeftModel.from_pretrained(base, folder).eval()
    else:
        # PEFT does not save the first layer of the classifier, so the whole of it comes from the golden file.
        stored = json.load(open(folder + '/xlora/adapter_config.json'))
        keep = ('hidden_size', 'xlora_depth', 'xlora_size', 'layerwise_scalings', 'enable_softmax', 'softmax_temperature',
                'scaling_pass_value', 'global_scaling_weight', 'xlora_dropout_p')
        model = get_peft_model(base, XLoraConfig(task_type='CAUSAL_LM', adapters={str(i): f'{folder}/adapter{i}' for i in (0, 1)},
                                                 **{k: stored[k] for k in keep})).eval()
        values = {k[6:]: v for k, v in load_file(folder + '/golden.safetensors').items() if k.startswith('param.')}
        done = 0
        for key, parameter in model.named_parameters():
            for end, value in values.items():
                if key.endswith(end.split('internal_xlora_classifier.')[1]) and 'internal_xlora_classifier' in key:
                    parameter.data.copy_(value)
                    done += 1
        assert done == len(values), (done, values.keys())
    prompt = [5, 17, 300, 9, 41, 8, 77, 120, 33]
    text = torch.tensor([prompt])
    with torch.no_grad():
        answer = model.generate(input_ids=text, attention_mask=torch.ones_like(text), do_sample=False, max_new_tokens=8, min_new_tokens=8)
    out[name] = {'prompt': prompt, 'answer': answer[0].tolist()[-8:]}
json.dump(out, open(sys.argv[2], 'w'))
print(out)
