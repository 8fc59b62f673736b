// The kernel files as they are on disk, inside the program. A new file is an array and a row of the table.

#include "opencl_kernels.h"

#include <stddef.h>
#include <string.h>

#pragma clang diagnostic ignored "-Wc23-extensions"

static const char builtins[] = {
#embed "builtins.clh" suffix(, 0)
};

static const char builtins_f64[] = {
#embed "builtins_f64.clh" suffix(, 0)
};

static const char common[] = {
#embed "common.clh" suffix(, 0)
};

static const char math[] = {
#embed "math.clh" suffix(, 0)
};

static const char math_f64[] = {
#embed "math_f64.clh" suffix(, 0)
};

static const char math_arcs_clh[] = {
#embed "math_arcs.clh" suffix(, 0)
};

static const char lanes_clh[] = {
#embed "lanes.clh" suffix(, 0)
};

static const char product_tiles_clh[] = {
#embed "product_tiles.clh" suffix(, 0)
};

static const char scaled_clh[] = {
#embed "scaled.clh" suffix(, 0)
};

static const char convolution_taps_clh[] = {
#embed "convolution_taps.clh" suffix(, 0)
};

static const char convolution_depthwise_gpu_cl[] = {
#embed "convolution_depthwise_gpu.cl" suffix(, 0)
};

static const char stored_clh[] = {
#embed "stored.clh" suffix(, 0)
};

static const char matrix_units_clh[] = {
#embed "matrix_units.clh" suffix(, 0)
};

static const char matrix_nvidia_clh[] = {
#embed "matrix_nvidia.clh" suffix(, 0)
};

static const char matrix_amd_clh[] = {
#embed "matrix_amd.clh" suffix(, 0)
};

static const char matrix_intel_clh[] = {
#embed "matrix_intel.clh" suffix(, 0)
};

static const char matrix_emulated_clh[] = {
#embed "matrix_emulated.clh" suffix(, 0)
};

static const char matrix_slices_clh[] = {
#embed "matrix_slices.clh" suffix(, 0)
};

static const char matrix_wgmma_clh[] = {
#embed "matrix_wgmma.clh" suffix(, 0)
};

static const char gemm_matrix_gpu_cl[] = {
#embed "gemm_matrix_gpu.cl" suffix(, 0)
};

static const char convolution_matrix_gpu_cl[] = {
#embed "convolution_matrix_gpu.cl" suffix(, 0)
};

static const char attention_units_clh[] = {
#embed "attention_units.clh" suffix(, 0)
};

static const char attention_matrix_gpu_cl[] = {
#embed "attention_matrix_gpu.cl" suffix(, 0)
};

static const char attention_matrix_backward_gpu_cl[] = {
#embed "attention_matrix_backward_gpu.cl" suffix(, 0)
};

static const char gemv_gpu_cl[] = {
#embed "gemv_gpu.cl" suffix(, 0)
};

static const char attention_clh[] = {
#embed "attention.clh" suffix(, 0)
};

static const char attention_tiles_clh[] = {
#embed "attention_tiles.clh" suffix(, 0)
};

static const char attention_gpu_cl[] = {
#embed "attention_gpu.cl" suffix(, 0)
};

static const char attention_backward_gpu_cl[] = {
#embed "attention_backward_gpu.cl" suffix(, 0)
};

static const char attention_blocks_clh[] = {
#embed "attention_blocks.clh" suffix(, 0)
};

static const char attention_cpu_cl[] = {
#embed "attention_cpu.cl" suffix(, 0)
};

static const char attention_backward_cpu_cl[] = {
#embed "attention_backward_cpu.cl" suffix(, 0)
};

static const char copy_cl[] = {
#embed "copy.cl" suffix(, 0)
};

static const char indexing_cl[] = {
#embed "indexing.cl" suffix(, 0)
};

static const char random_cl[] = {
#embed "random.cl" suffix(, 0)
};

static const char scan_cl[] = {
#embed "scan.cl" suffix(, 0)
};

static const char scatter_rows_gpu_cl[] = {
#embed "scatter_rows_gpu.cl" suffix(, 0)
};

static const char scan_rows_gpu_cl[] = {
#embed "scan_rows_gpu.cl" suffix(, 0)
};

static const char moments_cl[] = {
#embed "moments.cl" suffix(, 0)
};

static const char scatter_cl[] = {
#embed "scatter.cl" suffix(, 0)
};

static const char search_cl[] = {
#embed "search.cl" suffix(, 0)
};

static const char slices_cl[] = {
#embed "slices.cl" suffix(, 0)
};

static const char select_cl[] = {
#embed "select.cl" suffix(, 0)
};

static const char sort_cl[] = {
#embed "sort.cl" suffix(, 0)
};

static const char convolution_cpu_cl[] = {
#embed "convolution_cpu.cl" suffix(, 0)
};

static const char convolution_filter_cpu_cl[] = {
#embed "convolution_filter_cpu.cl" suffix(, 0)
};

static const char convolution_filter_lanes_cpu_cl[] = {
#embed "convolution_filter_lanes_cpu.cl" suffix(, 0)
};

static const char convolution_gpu_cl[] = {
#embed "convolution_gpu.cl" suffix(, 0)
};

static const char lane_slices_cpu_cl[] = {
#embed "lane_slices_cpu.cl" suffix(, 0)
};

static const char convolution_scatter_cpu_cl[] = {
#embed "convolution_scatter_cpu.cl" suffix(, 0)
};

static const char gemm_cpu_cl[] = {
#embed "gemm_cpu.cl" suffix(, 0)
};

static const char winograd_points_clh[] = {
#embed "winograd_points.clh" suffix(, 0)
};
static const char winograd_gpu_cl[] = {
#embed "winograd_gpu.cl" suffix(, 0)
};
static const char winograd_cpu_cl[] = {
#embed "winograd_cpu.cl" suffix(, 0)
};

static const char gemv_cpu_cl[] = {
#embed "gemv_cpu.cl" suffix(, 0)
};

static const char gemm_dot_cpu_cl[] = {
#embed "gemm_dot_cpu.cl" suffix(, 0)
};

static const char gemm_f64_cl[] = {
#embed "gemm_f64.cl" suffix(, 0)
};

static const char gemm_gpu_cl[] = {
#embed "gemm_gpu.cl" suffix(, 0)
};

static const char pooling_cl[] = {
#embed "pooling.cl" suffix(, 0)
};

static const char pooling_windows_cl[] = {
#embed "pooling_windows.cl" suffix(, 0)
};

static const char softmax_cl[] = {
#embed "softmax.cl" suffix(, 0)
};

static const char layer_norm_cl[] = {
#embed "layer_norm.cl" suffix(, 0)
};

static const char recurrence_cl[] = {
#embed "recurrence.cl" suffix(, 0)
};

static const char rows_clh[] = {
#embed "rows.clh" suffix(, 0)
};

static const char probe_cl[] = {
#embed "probe.cl" suffix(, 0)
};

static const char probe_nvidia_cl[] = {
#embed "probe_nvidia.cl" suffix(, 0)
};

static const char roofs_cl[] = {
#embed "roofs.cl" suffix(, 0)
};

static const char blocks_clh[] = {
#embed "blocks.clh" suffix(, 0)
};

static const char block_product_cpu_cl[] = {
#embed "block_product_cpu.cl" suffix(, 0)
};

static const char block_product_gpu_cl[] = {
#embed "block_product_gpu.cl" suffix(, 0)
};

static const char block_rounded_cpu_clh[] = {
#embed "block_rounded_cpu.clh" suffix(, 0)
};

static const char attention_few_cpu_cl[] = {
#embed "attention_few_cpu.cl" suffix(, 0)
};

static const char gemm_transposed_cpu_cl[] = {
#embed "gemm_transposed_cpu.cl" suffix(, 0)
};

static const char rotation_cl[] = {
#embed "rotation.cl" suffix(, 0)
};

static const char rms_norm_cl[] = {
#embed "rms_norm.cl" suffix(, 0)
};

static const char block_rows_cl[] = {
#embed "block_rows.cl" suffix(, 0)
};

// Rows of `lathe tune`.
static const char tuned_pocl_json[] = {
#embed "tuned/pocl.json" suffix(, 0)
};

static const struct {
  const char *name;
  const char *text;
} files[] = {
    {"builtins.clh", builtins},
    {"common.clh", common},
    {"math.clh", math},
    {"math_arcs.clh", math_arcs_clh},
    {"lanes.clh", lanes_clh},
    {"product_tiles.clh", product_tiles_clh},
    {"gemv_gpu.cl", gemv_gpu_cl},
    {"scaled.clh", scaled_clh},
    {"convolution_taps.clh", convolution_taps_clh},
    {"convolution_depthwise_gpu.cl", convolution_depthwise_gpu_cl},
    {"attention.clh", attention_clh},
    {"attention_tiles.clh", attention_tiles_clh},
    {"attention_gpu.cl", attention_gpu_cl},
    {"attention_backward_gpu.cl", attention_backward_gpu_cl},
    {"attention_blocks.clh", attention_blocks_clh},
    {"attention_cpu.cl", attention_cpu_cl},
    {"attention_backward_cpu.cl", attention_backward_cpu_cl},
    {"copy.cl", copy_cl},
    {"indexing.cl", indexing_cl},
    {"random.cl", random_cl},
    {"convolution_cpu.cl", convolution_cpu_cl},
    {"convolution_filter_cpu.cl", convolution_filter_cpu_cl},
    {"convolution_filter_lanes_cpu.cl", convolution_filter_lanes_cpu_cl},
    {"convolution_gpu.cl", convolution_gpu_cl},
    {"lane_slices_cpu.cl", lane_slices_cpu_cl},
    {"convolution_scatter_cpu.cl", convolution_scatter_cpu_cl},
    {"gemm_cpu.cl", gemm_cpu_cl},
    {"winograd_points.clh", winograd_points_clh},
    {"winograd_gpu.cl", winograd_gpu_cl},
    {"winograd_cpu.cl", winograd_cpu_cl},
    {"gemv_cpu.cl", gemv_cpu_cl},
    {"gemm_dot_cpu.cl", gemm_dot_cpu_cl},
    {"gemm_gpu.cl", gemm_gpu_cl},
    {"stored.clh", stored_clh},
    {"matrix_units.clh", matrix_units_clh},
    {"matrix_nvidia.clh", matrix_nvidia_clh},
    {"matrix_amd.clh", matrix_amd_clh},
    {"matrix_intel.clh", matrix_intel_clh},
    {"matrix_emulated.clh", matrix_emulated_clh},
    {"matrix_slices.clh", matrix_slices_clh},
    {"matrix_wgmma.clh", matrix_wgmma_clh},
    {"gemm_matrix_gpu.cl", gemm_matrix_gpu_cl},
    {"convolution_matrix_gpu.cl", convolution_matrix_gpu_cl},
    {"attention_units.clh", attention_units_clh},
    {"attention_matrix_gpu.cl", attention_matrix_gpu_cl},
    {"attention_matrix_backward_gpu.cl", attention_matrix_backward_gpu_cl},
    {"blocks.clh", blocks_clh},
    {"block_product_cpu.cl", block_product_cpu_cl},
    {"block_product_gpu.cl", block_product_gpu_cl},
    {"block_rows.cl", block_rows_cl},
    {"rms_norm.cl", rms_norm_cl},
    {"block_rounded_cpu.clh", block_rounded_cpu_clh},
    {"attention_few_cpu.cl", attention_few_cpu_cl},
    {"gemm_transposed_cpu.cl", gemm_transposed_cpu_cl},
    {"rotation.cl", rotation_cl},
    {"gemm_f64.cl", gemm_f64_cl},
    {"builtins_f64.clh", builtins_f64},
    {"math_f64.clh", math_f64},
    {"pooling.cl", pooling_cl},
    {"pooling_windows.cl", pooling_windows_cl},
    {"slices.cl", slices_cl},
    {"softmax.cl", softmax_cl},
    {"layer_norm.cl", layer_norm_cl},
    {"recurrence.cl", recurrence_cl},
    {"rows.clh", rows_clh},
    {"scan.cl", scan_cl},
    {"scan_rows_gpu.cl", scan_rows_gpu_cl},
    {"scatter_rows_gpu.cl", scatter_rows_gpu_cl},
    {"moments.cl", moments_cl},
    {"scatter.cl", scatter_cl},
    {"search.cl", search_cl},
    {"select.cl", select_cl},
    {"sort.cl", sort_cl},
    {"probe.cl", probe_cl},
    {"probe_nvidia.cl", probe_nvidia_cl},
    {"roofs.cl", roofs_cl},
    {"tuned/pocl.json", tuned_pocl_json},
};

const char *lathe_opencl_kernel_source(const char *name) {
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    if (strcmp(files[i].name, name) == 0) return files[i].text;
  }
  return NULL;
}
