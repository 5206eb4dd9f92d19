// How fast a batch steps.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "motorium/physics/batch.h"

namespace motorium::cli {

// [s] of a clock that never goes back
double now();
double median(std::vector<double> values);

// Random controls inside their ranges, the same for equal (seed, draw). Actuators without a range
// get -1 .. 1.
void random_controls(Batch& batch, uint64_t seed, uint32_t draw);

// mean of an output that holds one number per world
double mean_output(Batch& batch, const std::string& name);

// "frozen 3, deep 12"; empty when nothing is set
std::string health(const Batch& batch);

}  // namespace motorium::cli
