#include "motorium/core/device.h"

namespace motorium {

#if !defined(MOTORIUM_WITH_CUDA)
std::shared_ptr<Device> cuda_device(int) {
  throw Error(
      "device cuda: this build has no CUDA: install the CUDA toolkit (nvcc) and build again, or "
      "use "
      "device cpu");
}
#endif

std::shared_ptr<Device> device_of(const std::string& name) {
  if (name == "cpu") return nullptr;
  if (name == "emulated") return emulated_device();
  if (name == "cuda") return cuda_device(0);
  const std::string digits = name.rfind("cuda:", 0) == 0 ? name.substr(5) : "";
  require(!digits.empty() && digits.size() < 5 &&
              digits.find_first_not_of("0123456789") == std::string::npos,
          "device '" + name + "': allowed are 'cpu', 'cuda', 'cuda:N' and 'emulated'");
  return cuda_device(std::stoi(digits));
}

}  // namespace motorium
