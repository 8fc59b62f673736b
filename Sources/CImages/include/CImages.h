// Decoding of PNG and JPEG by libpng and libjpeg-turbo, found at run time: the libraries are opened at first use, so
// that neither is needed to build nor to start.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How a call ended.
enum lathe_image_status {
  LATHE_IMAGE_OK = 0,
  /// The library is not installed.
  LATHE_IMAGE_NO_LIBRARY = 1,
  /// The file is damaged, or of a kind that is not supported; the message says how.
  LATHE_IMAGE_BAD_FILE = 2
};

/// What a file says of its image, before any pixel is decoded.
typedef struct {
  unsigned width, height;
  /// Whether pixels have colour; else they are grey.
  int is_color;
  /// Bytes of a decoded pixel: grey, and alpha; or red, green, blue, and a fourth that is no colour.
  int pixel_size;
  /// What is wrong, where a call did not end well; else what the library warns of, if anything.
  char message[256];
} lathe_image_info;

/// Reads the header of a PNG file in memory.
int lathe_png_info(const void *bytes, size_t count, lathe_image_info *info);

/// Decodes a PNG file in memory into width * height pixels of 2 bytes (grey, alpha) or, where it has colour, 4 (red,
/// green, blue, alpha). The size must be that of `lathe_png_info`.
int lathe_png_decode(const void *bytes, size_t count, void *pixels, size_t size, lathe_image_info *info);

/// Reads the header of a JPEG file in memory.
int lathe_jpeg_info(const void *bytes, size_t count, lathe_image_info *info);

/// Decodes a JPEG file in memory into width * height pixels of 1 byte or, with colour, 3 (red, green, blue); from colours
/// for print (CMYK, YCCK) 4, of which the last is no colour. The size must be that of `lathe_jpeg_info`. What the library
/// only warns of is in the message.
int lathe_jpeg_decode(const void *bytes, size_t count, void *pixels, size_t size, lathe_image_info *info);

#ifdef __cplusplus
}
#endif
