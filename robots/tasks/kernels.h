// The tables of entries that each instruction set exports.
#pragma once
#include "motorium/robots/tasks/table.h"

extern "C" {
extern const motorium::TaskKernels motorium_tasks_v3_float;  // one world at a time
extern const motorium::TaskKernels motorium_tasks_v3_pack;   // 8 worlds
extern const motorium::TaskKernels motorium_tasks_v4_pack;   // 16 worlds
}
