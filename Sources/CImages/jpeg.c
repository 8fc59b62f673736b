#include "CImages.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

// TurboJPEG 2, declared here as turbojpeg.h declares it: the header is not needed to build.
enum { TJPF_RGB = 0, TJPF_GRAY = 6, TJPF_CMYK = 11, TJCS_GRAY = 2, TJCS_CMYK = 3, TJFLAG_ACCURATEDCT = 4096 };
enum { TJERR_WARNING = 0 };

static void *(*init_decompress)(void);
static int (*read_header)(
    void *handle, const unsigned char *bytes, unsigned long count, int *width, int *height, int *subsampling,
    int *colorspace);
static int (*decompress)(
    void *handle, const unsigned char *bytes, unsigned long count, unsigned char *pixels, int width, int pitch,
    int height, int format, int flags);
static char *(*error_text)(void *handle);
static int (*error_code)(void *handle);
static int (*destroy)(void *handle);
static int available;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
  void *library = dlopen("libturbojpeg.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  *(void **)&init_decompress = dlsym(library, "tjInitDecompress");
  *(void **)&read_header = dlsym(library, "tjDecompressHeader3");
  *(void **)&decompress = dlsym(library, "tjDecompress2");
  *(void **)&error_text = dlsym(library, "tjGetErrorStr2");
  *(void **)&error_code = dlsym(library, "tjGetErrorCode");
  *(void **)&destroy = dlsym(library, "tjDestroy");
  available = init_decompress && read_header && decompress && error_text && error_code && destroy;
}

static int fail(void *handle, const char *text, lathe_image_info *info) {
  snprintf(info->message, sizeof info->message, "%s", text);
  if (handle) destroy(handle);
  return LATHE_IMAGE_BAD_FILE;
}

// Whether a call failed; a warning, behind which there is a result, is noted.
static int failed(int result, void *handle, lathe_image_info *info) {
  if (!result) return 0;
  if (error_code(handle) != TJERR_WARNING) return 1;
  snprintf(info->message, sizeof info->message, "%s", error_text(handle));
  return 0;
}

static int begin(const void *bytes, size_t count, void **handle, lathe_image_info *info) {
  pthread_once(&once, load);
  if (!available) return LATHE_IMAGE_NO_LIBRARY;
  *handle = init_decompress();
  if (!*handle) return fail(NULL, "the decoder has no memory", info);
  int width = 0, height = 0, subsampling = 0, colorspace = 0;
  int result = read_header(*handle, bytes, count, &width, &height, &subsampling, &colorspace);
  if (failed(result, *handle, info) || width <= 0 || height <= 0) return fail(*handle, error_text(*handle), info);
  info->width = (unsigned)width;
  info->height = (unsigned)height;
  info->is_color = colorspace != TJCS_GRAY;
  info->pixel_size = colorspace >= TJCS_CMYK ? 4 : info->is_color ? 3 : 1;
  return LATHE_IMAGE_OK;
}

int lathe_jpeg_info(const void *bytes, size_t count, lathe_image_info *info) {
  void *handle;
  int status = begin(bytes, count, &handle, info);
  if (status == LATHE_IMAGE_OK) destroy(handle);
  return status;
}

// a * b / 255, rounded.
static unsigned product(unsigned a, unsigned b) {
  unsigned value = a * b + 128;
  return (value + (value >> 8)) >> 8;
}

// Makes red, green and blue of colours for print, which files hold turned around, as Adobe's programs do: 255 is no ink.
static void print_colors(unsigned char *pixels, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    unsigned char *pixel = pixels + 4 * i;
    const unsigned white = pixel[3];
    for (int c = 0; c < 3; ++c) pixel[c] = (unsigned char)(white - product(255u - pixel[c], white));
  }
}

int lathe_jpeg_decode(const void *bytes, size_t count, void *pixels, size_t size, lathe_image_info *info) {
  void *handle;
  int status = begin(bytes, count, &handle, info);
  if (status != LATHE_IMAGE_OK) return status;
  const size_t area = (size_t)info->width * info->height;
  if (size != area * info->pixel_size) return fail(handle, "the size differs from the header's", info);
  // The accurate transform gives the same pixels on every machine.
  int format = info->pixel_size == 4 ? TJPF_CMYK : info->is_color ? TJPF_RGB : TJPF_GRAY;
  int result = decompress(
      handle, bytes, count, pixels, (int)info->width, 0, (int)info->height, format, TJFLAG_ACCURATEDCT);
  if (failed(result, handle, info)) return fail(handle, error_text(handle), info);
  if (format == TJPF_CMYK) print_colors(pixels, area);
  destroy(handle);
  return LATHE_IMAGE_OK;
}
