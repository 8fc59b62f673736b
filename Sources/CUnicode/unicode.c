#include "CUnicode.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

_Alignas(8) const unsigned char lathe_unicode[] = {
#embed "unicode.bin"
};
