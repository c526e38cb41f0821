"""Options of PEFT's methods that the collection has no adapter for: run with its `models` folder and an output folder."""
import os
import shutil
import sys

import torch
os.environ['TRANSFORMERS_VERBOSITY']='error'
import peft, transformers
def randomise(model, seed, scale=0.15):
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for n, p in sorted(model.named_parameters()):
            if not p.requires_grad:
                continue
            low = n.lower()
            v = torch.randn(p.shape, generator=g)
            if "magnitude" in low:
                p.mul_(1 + 0.2 * v)
            elif "ia3" in low or p.dim() == 1 and ("norm" in low):
                p.copy_(1 + 0.3 * v)
            elif "prompt" in low:
                p.copy_(0.5 * v)
            elif "delora_lambda" in low:
                p.copy_(p + 0.5 * v.abs())
            elif "token_adapter" in low or "trainable_tokens" in low or "embed" in low:
                p.copy_(0.3 * v)
            elif "vector_bank" in low or "logits" in low:
                p.copy_(0.5 * v)
            elif "fourierft" in low or "vblora" in low:
                p.copy_(0.5 * v)
            else:
                p.add_(scale * v)


from safetensors.torch import save_file, load_file
base=sys.argv[1] + '/qwen3-untied-sharded'
load=lambda: transformers.Qwen3ForCausalLM.from_pretrained(base,dtype=torch.float32,attn_implementation="eager").eval()
inp=load_file(sys.argv[1] + '/../peft/inputs.safetensors'); ids=inp['input_ids']; labels=inp['labels']
tm=["q_proj","v_proj","down_proj"]; K=dict(task_type="CAUSAL_LM")
C={
 "road_1":peft.RoadConfig(variant="road_1",group_size=8,target_modules=tm,**K),
 "road_4":peft.RoadConfig(variant="road_4",group_size=4,target_modules=tm,**K),
 "gralora_hybrid":peft.GraloraConfig(r=4,gralora_k=2,alpha=8,hybrid_r=3,target_modules=tm,**K),
 "vera_many":peft.VeraConfig(r=6,target_modules=tm,projection_prng_key=5,**K),
 "randlora_many":peft.RandLoraConfig(r=5,target_modules=tm,projection_prng_key=5,**K),
 "vblora_many":peft.VBLoRAConfig(r=2,num_vectors=20,vector_length=16,topk=3,target_modules=tm,**K),
 "miss_pad":peft.MissConfig(r=7,target_modules=tm,**K),
 "boft_num":peft.BOFTConfig(boft_block_size=0,boft_block_num=8,target_modules=tm,**K),
 "oft_adjust":peft.OFTConfig(r=0,oft_block_size=7,target_modules=tm,num_cayley_neumann_terms=4,**K),
 "oft_r":peft.OFTConfig(r=5,oft_block_size=0,target_modules=tm,num_cayley_neumann_terms=3,**K),
 "oft_terms2":peft.OFTConfig(r=0,oft_block_size=4,target_modules=tm,num_cayley_neumann_terms=2,**K),
 "lokr_odd":peft.LoKrConfig(r=2,alpha=6,target_modules="all-linear",decompose_factor=5,**K),
 "lokr_fac":peft.LoKrConfig(r=2,alpha=6,target_modules="all-linear",decompose_factor=7,decompose_both=True,**K),
 "c3a_many":peft.C3AConfig(block_size=8,target_modules=tm,**K),
 "fourier_many":peft.FourierFTConfig(n_frequency=70,scaling=33.0,random_loc_seed=5,target_modules=tm,**K),
 "dora_rs":peft.LoraConfig(r=4,lora_alpha=12,use_dora=True,use_rslora=True,rank_pattern={"down_proj":2},target_modules=tm,**K),
 "hra_orthogonal":peft.HRAConfig(r=3,apply_GS=True,target_modules=tm,**K),
 "miss_mini":peft.MissConfig(r=7,mini_r=4,init_weights="mini",target_modules=tm,**K),
 "miss_bat":peft.MissConfig(r=8,init_weights="bat",target_modules=tm,**K),
 "hra_odd":peft.HRAConfig(r=3,target_modules=tm,**K),
 "delora_r":peft.DeloraConfig(r=3,target_modules=tm,**K),
}
for n,c in C.items():
  f=sys.argv[2] + '/' + n; shutil.rmtree(f,ignore_errors=True)
  torch.manual_seed(1)
  m=peft.get_peft_model(load(),c); randomise(m,7,0.15); m.eval()
  t={}
  out=m(input_ids=ids,labels=labels,use_cache=False); t['logits']=out.logits.detach()
  out.loss.backward()
  for k,p in m.named_parameters():
    if p.grad is not None: t['grad.'+k]=p.grad.clone()
  m.save_pretrained(f)
  try:
    mm=m.merge_and_unload()
    for k,p in mm.named_parameters():
      if any(x in k for x in tm): t['merged.'+k]=p.detach()
  except Exception as e: print(n,'merge',e)
  save_file({k:v.contiguous().clone() for k,v in t.items()},f+'/golden.safetensors')
  print(n,'ok')

# An AdaLoRA adapter whose ranks were pruned.
c=peft.AdaLoraConfig(init_r=6,target_r=3,total_step=50,tinit=2,tfinal=2,lora_alpha=12,target_modules=tm,**K)
torch.manual_seed(1)
m=peft.get_peft_model(load(),c); randomise(m,7,0.15); m.eval()
g=torch.Generator().manual_seed(3); rp={}
for n,p in m.base_model.model.named_parameters():
  if "lora_E" in n:
    k=torch.rand(6,generator=g)>0.4; rp[n]=k.tolist()
    with torch.no_grad(): p[~k]=0
    print(n,sum(rp[n]))
m.peft_config['default'].rank_pattern=rp
f=sys.argv[2] + '/adalora_rank'
shutil.rmtree(f,ignore_errors=True); m.save_pretrained(f)
m2=peft.PeftModel.from_pretrained(load(),f,is_trainable=True).eval()
out=m2(input_ids=ids,labels=labels,use_cache=False); d=m(input_ids=ids,use_cache=False).logits
print('reload',(out.logits-d).abs().max().item())
out.loss.backward(); t={'logits':out.logits.detach()}
for k,p in m2.named_parameters():
  if p.grad is not None and p.numel(): t['grad.'+k]=p.grad.clone()
mm=m2.merge_and_unload()
for k,p in mm.named_parameters():
  if any(x in k for x in tm): t['merged.'+k]=p.detach()
save_file({k:v.contiguous().clone() for k,v in t.items()},f+'/golden.safetensors')
print(open(f+'/adapter_config.json').read()[:2500])

# Eight steps of AdaLoRA with its budget of ranks.
c = peft.AdaLoraConfig(init_r=6, target_r=3, total_step=8, tinit=2, tfinal=2, deltaT=1, lora_alpha=12, target_modules=tm, **K)
torch.manual_seed(1)
m = peft.get_peft_model(load(), c)
randomise(m, 7, 0.15)
m.eval()
f = sys.argv[2] + '/adalora_training'
shutil.rmtree(f, ignore_errors=True)
m.save_pretrained(f)
opt = torch.optim.AdamW([p for p in m.parameters() if p.requires_grad], lr=1e-2, betas=(0.9, 0.999), weight_decay=0.0)
t = {}
losses = []
for step in range(1, 9):
    opt.zero_grad()
    loss = m(input_ids=ids, labels=labels, use_cache=False).loss
    loss.backward()
    losses.append(loss.item())
    opt.step()
    m.base_model.update_and_allocate(step)
    for k, p in m.named_parameters():
        if 'lora_E' in k:
            t[f'step{step}.' + k.replace('base_model.model.', '')] = p.detach().clone()
t['loss'] = torch.tensor(losses)
t['logits'] = m(input_ids=ids, use_cache=False).logits.detach()
save_file({k: v.contiguous() for k, v in t.items()}, f + '/golden.safetensors')
