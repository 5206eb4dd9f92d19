// A stand-in for a profiler: NVTX loads the library that NVTX_INJECTION64_PATH names and hands it
// the table of its functions. This one writes down the ranges.
#include <nvtx3/nvToolsExt.h>

#include <string>

namespace {

std::string seen;
int NVTX_API push(const char* name) {
  seen += std::string(name) + "( ";
  return 0;
}
int NVTX_API pop() {
  seen += ") ";
  return 0;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const char* nvtx_probe_log() {
  return seen.c_str();
}

extern "C" __attribute__((visibility("default"))) int InitializeInjectionNvtx2(
    NvtxGetExportTableFunc_t get_table) {
  const auto* callbacks =
      static_cast<const NvtxExportTableCallbacks*>(get_table(NVTX_ETID_CALLBACKS));
  NvtxFunctionTable table = nullptr;
  unsigned size = 0;
  if (!callbacks || !callbacks->GetModuleFunctionTable(NVTX_CB_MODULE_CORE, &table, &size) ||
      size <= NVTX_CBID_CORE_RangePop)
    return 0;
  *table[NVTX_CBID_CORE_RangePushA] = reinterpret_cast<NvtxFunctionPointer>(push);
  *table[NVTX_CBID_CORE_RangePop] = reinterpret_cast<NvtxFunctionPointer>(pop);
  return 1;
}
