"""Products and copies in torch, as `swift selftest --device cuda` measures them; one line each."""

import time

import torch

SIDE = 4096


def seconds(work):
    work()
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(50):
        work()
    torch.cuda.synchronize()
    return (time.perf_counter() - start) / 50


def main():
    print(torch.__version__, torch.cuda.get_device_name(), torch.cuda.mem_get_info())
    for dtype in (torch.bfloat16, torch.float32):
        a = torch.full((SIDE, SIDE), 0.5, dtype=dtype, device="cuda")
        w = a.clone()
        row = a[:1]
        print(f"product of {SIDE} rows by {dtype} weights {2 * SIDE**3 / seconds(lambda: a @ w.T) / 1e12:.1f} TFLOP/s")
        print(f"one row by {dtype} weights {w.nbytes / seconds(lambda: row @ w.T) / 1e9:.0f} GB/s")
    a = torch.empty(SIDE * SIDE * 16, device="cuda")
    b = torch.empty_like(a)
    print(f"copy, read and written {2 * a.nbytes / seconds(lambda: b.copy_(a)) / 1e9:.0f} GB/s")


if __name__ == "__main__":
    main()
