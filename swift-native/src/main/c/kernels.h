/* All kernels for one instruction set: VB bytes to a vector, MR rows to a tile. */
#include "vector.h"
#include "tiles.h"
#include "elementwise.h"
#include "quantize.h"
#include "rows.h"
#include "int8.h"
#include "matmul.h"
#include "attention.h"

#define ENTRY(result, name, parameters, arguments) .name = name,
const kernels_t TABLE = {TABLE_NAME, KERNELS(ENTRY)};
