// Height fields from files: PNG images and MuJoCo's own format (rows, columns, floats).
#include <png.h>

#include <bit>
#include <cmath>
#include <csetjmp>
#include <cstring>

#include "motorium/core/error.h"
#include "motorium/core/limits.h"
#include "motorium/physics/spec/mesh_file.h"

namespace motorium {
namespace {

static_assert(std::endian::native == std::endian::little, "height files are little-endian");

void check_size(const char* what, int64_t rows, int64_t columns) {
  for (const auto& [n, word] : {std::pair{rows, "rows"}, std::pair{columns, "columns"}}) {
    require(n >= 2 && n <= limits::kHeightSide, std::string(what) + ": " + std::to_string(n) + " " +
                                                    word + ": from 2 to " +
                                                    std::to_string(limits::kHeightSide));
  }
}

// what libpng works on; it reports errors by a long jump
struct Decoder {
  png_structp png = nullptr;
  png_infop info = nullptr;
  const uint8_t* bytes;
  size_t left;
  char message[64] = {0};
  uint8_t** rows = nullptr;
};

void give(png_structp png, png_bytep out, size_t count) {
  auto* d = static_cast<Decoder*>(png_get_io_ptr(png));
  if (count > d->left) png_error(png, "ends too early");
  std::memcpy(out, d->bytes, count);
  d->bytes += count;
  d->left -= count;
}
void fail(png_structp png, png_const_charp message) {
  auto* d = static_cast<Decoder*>(png_get_error_ptr(png));
  std::strncpy(d->message, message, sizeof d->message - 1);
  std::longjmp(png_jmpbuf(png), 1);
}
void ignore(png_structp, png_const_charp) {}

// header only; nothing in these two functions has a destructor
bool read_header(Decoder* d) {
  if (setjmp(png_jmpbuf(d->png))) return false;
  png_read_info(d->png, d->info);
  return true;
}
bool read_pixels(Decoder* d, size_t stride) {
  if (setjmp(png_jmpbuf(d->png))) return false;
  // eight bits a sample, the upper ones of sixteen; colours of a palette
  png_set_strip_16(d->png);
  if (png_get_color_type(d->png, d->info) == PNG_COLOR_TYPE_PALETTE) {
    png_set_palette_to_rgb(d->png);
  } else if (png_get_bit_depth(d->png, d->info) < 8) {
    png_set_expand_gray_1_2_4_to_8(d->png);
  }
  png_set_strip_alpha(d->png);
  png_set_interlace_handling(d->png);
  png_read_update_info(d->png, d->info);
  if (png_get_rowbytes(d->png, d->info) > stride) return false;
  png_read_image(d->png, d->rows);
  png_read_end(d->png, nullptr);
  return true;
}

}  // namespace

Heights read_png_heights(const Bytes& bytes) {
  require(bytes.size() <= limits::kImageBytes,
          "PNG: more than " + std::to_string(limits::kImageBytes) + " bytes");
  require(bytes.size() >= 8 && png_sig_cmp(bytes.data(), 0, 8) == 0, "PNG: is no PNG file");
  // the size first, from the header's fixed place: nothing is decoded for an image that is refused
  const auto big_endian = [&](size_t at) {
    return int64_t{bytes[at]} << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
  };
  require(bytes.size() >= 24, "PNG: has no header");
  check_size("PNG", big_endian(20), big_endian(16));
  Decoder d;
  d.bytes = bytes.data();
  d.left = bytes.size();
  d.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &d, fail, ignore);
  if (d.png) d.info = png_create_info_struct(d.png);
  struct Release {
    Decoder& d;
    ~Release() {
      if (d.png) png_destroy_read_struct(&d.png, &d.info, nullptr);
    }
  } release{d};
  require(d.png && d.info, "PNG: no memory");
  png_set_read_fn(d.png, &d, give);
  png_set_user_limits(d.png, limits::kImageSide, limits::kImageSide);
  png_set_chunk_malloc_max(d.png, 1 << 20);
  png_set_chunk_cache_max(d.png, 64);
  png_set_keep_unknown_chunks(d.png, PNG_HANDLE_CHUNK_NEVER, nullptr, 0);
  const bool headed = read_header(&d);
  require(headed, std::string("PNG: ") + d.message);
  const png_uint_32 columns = png_get_image_width(d.png, d.info),
                    rows = png_get_image_height(d.png, d.info);
  check_size("PNG", rows, columns);

  // three bytes a pixel at most are left after the conversions
  Heights out;
  out.rows = static_cast<int>(rows);
  out.columns = static_cast<int>(columns);
  const size_t stride = 3 * static_cast<size_t>(columns) + 8;
  std::vector<uint8_t> pixels(stride * rows);
  std::vector<uint8_t*> lines(rows);
  for (size_t r = 0; r < rows; ++r) lines[r] = &pixels[stride * r];
  d.rows = lines.data();
  const bool whole = read_pixels(&d, stride);
  require(whole, std::string("PNG: ") + (d.message[0] ? d.message : "is broken"));
  const size_t step = png_get_channels(d.png, d.info);
  out.value.reserve(static_cast<size_t>(rows) * columns);
  for (size_t r = rows; r-- > 0;) {
    // the red channel of colours is the height; the last line is the first row
    for (size_t c = 0; c < columns; ++c) out.value.push_back(lines[r][step * c]);
  }
  return out;
}

Heights read_raw_heights(const Bytes& bytes) {
  int32_t size[2];
  require(bytes.size() >= sizeof size, "height file: has no header of 8 bytes");
  std::memcpy(size, bytes.data(), sizeof size);
  check_size("height file", size[0], size[1]);
  const size_t count = static_cast<size_t>(size[0]) * static_cast<size_t>(size[1]);
  require(bytes.size() == 8 + 4 * count, "height file: holds " + std::to_string(bytes.size()) +
                                             " bytes, its header asks for " +
                                             std::to_string(8 + 4 * count));
  Heights out;
  out.rows = size[0];
  out.columns = size[1];
  out.value.resize(count);
  std::memcpy(out.value.data(), bytes.data() + 8, 4 * count);
  for (const float x : out.value) {
    require(std::isfinite(x) && std::abs(x) < 1e10f, "height file: a height is no usable number");
  }
  return out;
}

}  // namespace motorium
