#include "CImages.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

// The simplified interface of libpng 1.6, declared here as png.h declares it: the header is not needed to build.
typedef struct {
  void *opaque;
  uint32_t version, width, height, format, flags, colormap_entries, warning_or_error;
  char message[64];
} png_image;

enum { PNG_IMAGE_VERSION = 1, PNG_FORMAT_FLAG_ALPHA = 1, PNG_FORMAT_FLAG_COLOR = 2, PNG_IMAGE_FLAG_16BIT_sRGB = 4 };

static int (*begin_read)(png_image *image, const void *memory, size_t size);
static int (*finish_read)(png_image *image, const void *background, void *buffer, int32_t stride, void *colormap);
static void (*image_free)(png_image *image);
static int available;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
  void *library = dlopen("libpng16.so.16", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  *(void **)&begin_read = dlsym(library, "png_image_begin_read_from_memory");
  *(void **)&finish_read = dlsym(library, "png_image_finish_read");
  *(void **)&image_free = dlsym(library, "png_image_free");
  available = begin_read && finish_read && image_free;
}

static int fail(png_image *image, lathe_image_info *info) {
  snprintf(info->message, sizeof info->message, "%s", image->message[0] ? image->message : "not a PNG file");
  image_free(image);
  return LATHE_IMAGE_BAD_FILE;
}

static int begin(const void *bytes, size_t count, png_image *image, lathe_image_info *info) {
  pthread_once(&once, load);
  if (!available) return LATHE_IMAGE_NO_LIBRARY;
  memset(image, 0, sizeof *image);
  image->version = PNG_IMAGE_VERSION;
  if (!begin_read(image, bytes, count)) return fail(image, info);
  info->width = image->width;
  info->height = image->height;
  info->is_color = (image->format & PNG_FORMAT_FLAG_COLOR) != 0;
  info->pixel_size = info->is_color ? 4 : 2;
  return LATHE_IMAGE_OK;
}

int lathe_png_info(const void *bytes, size_t count, lathe_image_info *info) {
  png_image image;
  int status = begin(bytes, count, &image, info);
  if (status == LATHE_IMAGE_OK) image_free(&image);
  return status;
}

int lathe_png_decode(const void *bytes, size_t count, void *pixels, size_t size, lathe_image_info *info) {
  png_image image;
  int status = begin(bytes, count, &image, info);
  if (status != LATHE_IMAGE_OK) return status;
  // Alpha is asked for always: without it libpng would blend with a background.
  image.format = PNG_FORMAT_FLAG_ALPHA | (info->is_color ? PNG_FORMAT_FLAG_COLOR : 0);
  // Sixteen bits without a gamma are scaled to eight; libpng would take them for linear light.
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  size_t wanted = (size_t)image.width * image.height * info->pixel_size;
  if (size != wanted) {
    snprintf(image.message, sizeof image.message, "%zu bytes for pixels that need %zu", size, wanted);
    return fail(&image, info);
  }
  if (!finish_read(&image, NULL, pixels, 0, NULL)) return fail(&image, info);
  image_free(&image);
  return LATHE_IMAGE_OK;
}
