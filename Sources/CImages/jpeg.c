#include "CImages.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

// TurboJPEG 2, declared here as turbojpeg.h declares it: the header is not needed to build.
enum { TJPF_RGB = 0, TJPF_GRAY = 6, TJCS_GRAY = 2, TJCS_CMYK = 3, TJFLAG_ACCURATEDCT = 4096 };

static void *(*init_decompress)(void);
static int (*read_header)(
    void *handle, const unsigned char *bytes, unsigned long count, int *width, int *height, int *subsampling,
    int *colorspace);
static int (*decompress)(
    void *handle, const unsigned char *bytes, unsigned long count, unsigned char *pixels, int width, int pitch,
    int height, int format, int flags);
static char *(*error_text)(void *handle);
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
  *(void **)&destroy = dlsym(library, "tjDestroy");
  available = init_decompress && read_header && decompress && error_text && destroy;
}

static int fail(void *handle, const char *text, lathe_image_info *info) {
  snprintf(info->message, sizeof info->message, "%s", text);
  if (handle) destroy(handle);
  return LATHE_IMAGE_BAD_FILE;
}

static int begin(const void *bytes, size_t count, void **handle, lathe_image_info *info) {
  pthread_once(&once, load);
  if (!available) return LATHE_IMAGE_NO_LIBRARY;
  *handle = init_decompress();
  if (!*handle) return fail(NULL, "the decoder has no memory", info);
  int width = 0, height = 0, subsampling = 0, colorspace = 0;
  if (read_header(*handle, bytes, count, &width, &height, &subsampling, &colorspace) || width <= 0 || height <= 0) {
    return fail(*handle, error_text(*handle), info);
  }
  if (colorspace >= TJCS_CMYK) return fail(*handle, "colours for print (CMYK) are not supported", info);
  info->width = (unsigned)width;
  info->height = (unsigned)height;
  info->is_color = colorspace != TJCS_GRAY;
  return LATHE_IMAGE_OK;
}

int lathe_jpeg_info(const void *bytes, size_t count, lathe_image_info *info) {
  void *handle;
  int status = begin(bytes, count, &handle, info);
  if (status == LATHE_IMAGE_OK) destroy(handle);
  return status;
}

int lathe_jpeg_decode(const void *bytes, size_t count, void *pixels, size_t size, lathe_image_info *info) {
  void *handle;
  int status = begin(bytes, count, &handle, info);
  if (status != LATHE_IMAGE_OK) return status;
  size_t wanted = (size_t)info->width * info->height * (info->is_color ? 3 : 1);
  if (size != wanted) return fail(handle, "the size differs from the header's", info);
  // The accurate transform gives the same pixels on every machine.
  int format = info->is_color ? TJPF_RGB : TJPF_GRAY;
  if (decompress(
          handle, bytes, count, pixels, (int)info->width, 0, (int)info->height, format, TJFLAG_ACCURATEDCT)) {
    return fail(handle, error_text(handle), info);
  }
  destroy(handle);
  return LATHE_IMAGE_OK;
}
