#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheML

  struct DevicesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "devices", abstract: "Lists every device that can compute, broken ones too.")

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func run() throws {
      let infos = Device.infos
      if json {
        return try Terminal.output(json: infos, isPretty: true)
      }
      Terminal.output(DeviceTable(infos).text)
      for info in infos {
        if let warning = info.warning { Terminal.note("\(info.index): warning: \(warning)") }
        if let error = info.error { Terminal.note("\(info.index): cannot be used: \(error)") }
      }
      if let absence = Device.openCLAbsence {
        Terminal.note("no OpenCL device: \(absence)")
      } else {
        for problem in Device.brokenDrivers { Terminal.note("driver that does not load: \(problem)") }
      }
      if Device.hasUnusedGPU { for line in Device.missingGPU { Terminal.note(line) } }
    }
  }

  /// Devices side by side, one row a fact.
  struct DeviceTable {
    let text: String

    init(_ infos: [DeviceInfo]) {
      let rows: [(String, (DeviceInfo) -> String)] = [
        ("index", \.index), ("name", \.name), ("vendor", \.vendor), ("driver", \.driver), ("type", \.type),
        ("compute units", { $0.error == nil ? String($0.computeUnits) : "" }),
        ("global memory", { DeviceTable.bytes($0.globalMemory) }),
        ("largest allocation", { DeviceTable.bytes($0.largestAllocation) }),
        ("local memory", { DeviceTable.bytes($0.localMemory) }),
        (
          "fp16 / fp64",
          { $0.error == nil ? "\(DeviceTable.yes($0.float16)) / \(DeviceTable.yes($0.float64))" : "" }
        ),
        ("kernel profile", \.kernelProfile), ("tuned kernels", { $0.tuning ?? "" }),
        ("matrix units", { $0.matrixUnits ?? "" }),
        ("functions of its own", { $0.builtinFunctions ?? "" }),
        ("SIMD", { $0.simd ?? "" }), ("BLAS", { $0.blas ?? "" }),
        ("BLAS core type", { $0.blasCore ?? "" }), ("threads", { $0.threads.map(String.init) ?? "" }),
        ("state", { $0.error == nil ? "ready" : "broken" }),
      ]
      let titleWidth = rows.map(\.0.count).max() ?? 0
      // As many devices next to each other as fit into a usual terminal; the others below.
      let groups = stride(from: 0, to: infos.count, by: 3).map { infos[$0..<min($0 + 3, infos.count)] }
      text = groups.map { group in
        let widths = group.map { info in rows.map { $0.1(info).count }.max() ?? 0 }
        return rows.compactMap { title, value -> String? in
          let cells = group.map(value)
          guard cells.contains(where: { !$0.isEmpty }) else { return nil }
          let line =
            Terminal.left(title, titleWidth) + "  "
            + zip(cells, widths).map { Terminal.left($0.isEmpty ? "-" : $0, $1) }.joined(separator: "  ")
          return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
      }.joined(separator: "\n\n")
    }

    private static func yes(_ value: Bool) -> String { value ? "yes" : "no" }

    private static func bytes(_ count: Int) -> String { count > 0 ? ByteText.of(count) : "" }
  }
#endif
