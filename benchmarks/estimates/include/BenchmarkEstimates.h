#pragma once

/// The text of gpu-estimates.json, ended by 0.
const char *lathe_gpu_estimates(void);
