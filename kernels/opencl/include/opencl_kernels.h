#pragma once

/// The text of a file of this folder, ended by 0; NULL if there is no file of that name.
const char *lathe_opencl_kernel_source(const char *name);
