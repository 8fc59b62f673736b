import Lathe

// An operation of one's own: the squared distance of each row of x [n, d] from each row of y [m, d], without the memory
// for all differences. A loop on the CPU, a kernel on OpenCL devices, a gradient in tensor operations.

let squaredDistances = CustomOperation(
  "squaredDistances",
  results: { inputs in
    let (x, y) = (inputs[0].shape, inputs[1].shape)
    precondition(x.rank == 2 && y.rank == 2 && x[1] == y[1], "squaredDistances: \(x) and \(y)")
    return [TensorSpec([x[0], y[0]])]
  },
  cpu: { inputs, outputs in
    let (rows, columns) = (outputs[0].spec.shape[0], outputs[0].spec.shape[1])
    let width = inputs[0].spec.shape[1]
    // Addresses do not change while the loop runs, and each range writes rows of its own.
    nonisolated(unsafe) let x = inputs[0].elements(as: Float.self)
    nonisolated(unsafe) let y = inputs[1].elements(as: Float.self)
    nonisolated(unsafe) let result = outputs[0].elements(as: Float.self)
    parallelFor(rows, grain: 1 + 20_000 / (1 + columns * width)) { range in
      for row in range {
        for column in 0..<columns {
          var sum: Float = 0
          for k in 0..<width {
            let difference = x[row * width + k] - y[column * width + k]
            sum += difference * difference
          }
          result[row * columns + column] = sum
        }
      }
    }
  },
  openCL: { inputs, outputs in
    let (rows, columns) = (outputs[0].shape[0], outputs[0].shape[1])
    return [
      OpenCLLaunch(
        source: """
          __kernel void squared_distances(__global const float *x, __global const float *y, __global float *result,
                                          int width) {
            const size_t row = get_global_id(1), column = get_global_id(0);
            float sum = 0.0f;
            for (int k = 0; k < width; k++) {
              const float difference = x[row * width + k] - y[column * width + k];
              sum += difference * difference;
            }
            result[row * get_global_size(0) + column] = sum;
          }
          """,
        kernel: "squared_distances",
        arguments: [.input(0), .input(1), .output(0), .int32(Int32(inputs[0].shape[1]))],
        global: [columns, rows])
    ]
  },
  saving: .inputs,
  backward: { pass in
    let (x, y, gradient) = (pass.inputs[0], pass.inputs[1], pass.gradients[0])
    return [
      (x * gradient.sum(axis: 1, keepDims: true) - gradient.matmul(y)) * 2,
      (y * gradient.sum(axis: 0).unsqueezed(1) - gradient.transposed().matmul(x)) * 2,
    ]
  })

/// The same made of Lathe's operations.
func composed(_ x: Tensor, _ y: Tensor) -> Tensor {
  (x.unsqueezed(1) - y.unsqueezed(0)).square().sum(axis: 2)
}

@main
enum Example {
  static func main() throws {
    let generator = Generator(seed: 1)
    for device in Device.all {
      let x = Tensor.normal([300, 16], generator: generator, device: device).requiringGradient()
      let centres = Tensor.normal([10, 16], generator: generator, device: device).requiringGradient()
      // How far the points are from the nearest centre: the loss of k-means.
      func loss(_ distances: (Tensor, Tensor) -> Tensor) -> Tensor {
        distances(x, centres).min(axis: 1).mean()
      }
      let own = loss { squaredDistances($0, $1) }
      let known = loss(composed)
      let (found, expected) = (own.gradients(of: [x, centres]), known.gradients(of: [x, centres]))
      let differences = try [own - known, found[0] - expected[0], found[1] - expected[1]].map {
        try $0.abs().max().item()
      }
      print("\(device): loss \(try own.item()), largest differences \(differences)")
      guard differences.allSatisfy({ $0 < 1e-4 }) else {
        fatalError("\(device): the operation and its composed form differ")
      }
    }
  }
}
