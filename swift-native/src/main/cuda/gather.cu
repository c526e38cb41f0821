/* Rows by ids. An id that is outside the table writes nothing of it: the smallest position of such a one is left in
 * *wrong, which the host looks at when it next waits for the device. */
#include "quantised.cuh"

KERNEL(
    swift_gather, const void *table, int type, i64 rows, i64 columns, const int *ids, float *out, int *wrong, i64 n) {
  EACH(i, n) {
    i64 r = i / columns;
    int id = ids[r];
    bool inside = id >= 0 && id < rows;
    if (!inside) atomicMin(wrong, (int)r);
    out[i] = inside ? load_any(table, type, columns, id, i - r * columns) : 0;
  }
}

/* table[ids[i]] = rows[i] */
KERNEL(
    swift_scatter, const float *rows, i64 table_rows, i64 columns, const int *ids, float *table, int *wrong, i64 n) {
  EACH(i, n) {
    i64 r = i / columns;
    int id = ids[r];
    if (id >= 0 && id < table_rows)
      table[id * columns + i - r * columns] = rows[i];
    else
      atomicMin(wrong, (int)r);
  }
}

KERNEL(swift_check_ids, const int *ids, i64 limit, int negative_allowed, int *wrong, i64 n) {
  EACH(i, n) if (ids[i] >= limit || (ids[i] < 0 && !negative_allowed)) atomicMin(wrong, (int)i);
}

/* table[ids[i]] += rows[i] in the order of i: the block of an id's first row adds all rows of that id. grid (n) */
BLOCK_KERNEL(
    256, swift_scatter_add, const float *rows, i64 n, i64 table_rows, i64 columns, const int *ids, float *table,
    int *wrong) {
  __shared__ int seen;
  i64 own = blockIdx.x;
  int id = ids[own];
  if (threadIdx.x == 0) seen = 0;
  __syncthreads();
  for (i64 i = threadIdx.x; i < own; i += blockDim.x)
    if (ids[i] == id) seen = 1;
  __syncthreads();
  if (id < 0 || seen) return;
  if (id >= table_rows) {
    if (threadIdx.x == 0) atomicMin(wrong, (int)own);
    return;
  }
  for (i64 i = own; i < n; i++) {
    if (ids[i] != id) continue;
    for (i64 c = threadIdx.x; c < columns; c += blockDim.x) table[id * columns + c] += rows[i * columns + c];
  }
}
