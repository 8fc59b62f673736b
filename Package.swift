// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

// Tests that compute little themselves compile in a third of the time without optimisation.
let testSettings = settings + [.unsafeFlags(["-Onone"])]

let package = Package(
  name: "lathe",
  products: [
    .library(name: "Lathe", targets: ["Lathe"]),
    // `import LatheML` brings everything; programs that need less import the parts by their names.
    .library(
      name: "LatheML",
      targets: [
        "LatheML", "LatheFiles", "LatheFormats", "LatheNN", "LatheData", "LatheModels", "LatheTraining",
        "LatheTracking", "LatheHub", "LatheText", "LatheTextMetrics", "LatheWordVectors", "LatheLanguage",
        "LatheAdapters",
        "LatheTuning",
        "LatheTables", "LatheLearn", "LatheTabular", "LatheSearch", "LatheAutoML",
      ]),
    .executable(name: "lathe", targets: ["LatheCommand"]),
    // For tests: an OpenCL loader that `LATHE_OPENCL_LIBRARY` can name, see Tests/ShimDriver/include/ShimDriver.h.
    .library(name: "ShimDriver", type: .dynamic, targets: ["ShimDriver"]),
  ],
  traits: [
    .trait(
      name: "OpenCL",
      description:
        "The OpenCL backend; needs the headers of ocl-icd-opencl-dev to build, libOpenCL only to use."),
    .trait(name: "CommandLine", description: "The `lathe` command-line tool, on swift-argument-parser."),
    .trait(
      name: "Tracking",
      description:
        "Files of `lathe search` that processes share, on GRDB; needs libsqlite3-dev to build."),
    .default(enabledTraits: ["OpenCL", "CommandLine", "Tracking"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    .target(name: "CPUKernels", path: "kernels/cpu"),
    .target(name: "OpenCLKernels", path: "kernels/opencl"),
    .target(name: "COpenCL"),
    .target(name: "LatheCore", swiftSettings: settings),
    .target(name: "LatheCPU", dependencies: ["LatheCore", "CPUKernels"], swiftSettings: settings),
    .target(
      name: "LatheOpenCL",
      dependencies: [
        "LatheCore",
        .target(name: "COpenCL", condition: .when(traits: ["OpenCL"])),
        .target(name: "OpenCLKernels", condition: .when(traits: ["OpenCL"])),
      ],
      swiftSettings: settings),
    .target(
      name: "Lathe",
      dependencies: [
        "LatheCore", "LatheCPU",
        .target(name: "LatheOpenCL", condition: .when(traits: ["OpenCL"])),
      ],
      swiftSettings: settings),
    .target(
      name: "LatheLearn",
      dependencies: ["LatheCore", "LatheFiles", "LatheTables", "LatheCPU", "CPUKernels"],
      swiftSettings: settings),
    .target(
      name: "LatheSearch", dependencies: ["LatheCore", "LatheFiles", "LatheLearn"], swiftSettings: settings),
    .target(
      name: "LatheAutoML",
      dependencies: ["LatheCore", "LatheFiles", "LatheTables", "LatheLearn", "LatheSearch"],
      swiftSettings: settings),
    .testTarget(
      name: "LatheAutoMLTests",
      dependencies: ["LatheAutoML", "LatheLearn", "LatheTables", "LatheCore", "DataTestSupport"],
      swiftSettings: testSettings),
    .target(
      name: "LatheStudies",
      dependencies: [
        "LatheCore", "LatheSearch",
        .product(name: "GRDB", package: "GRDB.swift", condition: .when(traits: ["Tracking"])),
      ],
      swiftSettings: settings),
    .target(name: "CZlib"),
    .target(name: "CImages"),
    .target(name: "CChecksum"),
    .target(name: "LatheFiles", dependencies: ["LatheCore", "CZlib", "CChecksum"], swiftSettings: settings),
    .target(name: "TableKernels", path: "kernels/tables"),
    .target(name: "CSQLite"),
    .target(
      name: "LatheTables", dependencies: ["LatheCore", "LatheFiles", "TableKernels", "CSQLite"],
      swiftSettings: settings),
    .testTarget(
      name: "LatheTablesTests",
      dependencies: ["LatheTables", "LatheCore", "LatheFiles", "TableKernels", "DataTestSupport"],
      swiftSettings: testSettings),
    .target(name: "CUnicode"),
    .target(
      name: "LatheText", dependencies: ["LatheCore", "LatheFiles", "CUnicode"], swiftSettings: settings),
    .target(
      name: "LatheTextMetrics", dependencies: ["LatheCore", "LatheFiles", "LatheText"],
      swiftSettings: settings),
    .testTarget(
      name: "LatheTextMetricsTests", dependencies: ["LatheTextMetrics", "LatheCore", "LatheText"],
      swiftSettings: testSettings),
    .target(name: "LatheFormats", dependencies: ["Lathe", "LatheFiles"], swiftSettings: settings),
    .target(name: "LatheNN", dependencies: ["Lathe"], swiftSettings: settings),
    .target(
      name: "LatheWordVectors", dependencies: ["LatheNN", "LatheFiles", "CPUKernels"], swiftSettings: settings
    ),
    .testTarget(
      name: "LatheWordVectorsTests",
      dependencies: ["LatheWordVectors", "LatheNN", "Lathe", "LatheCore", "CPUKernels"],
      swiftSettings: testSettings),
    .target(name: "LatheModels", dependencies: ["LatheNN"], swiftSettings: settings),
    .target(
      name: "LatheData", dependencies: ["LatheNN", "LatheFiles", "CImages"], swiftSettings: settings),
    .target(
      name: "LatheTraining", dependencies: ["LatheData", "LatheModels", "LatheFormats"],
      swiftSettings: settings),
    .target(name: "LatheTracking", dependencies: ["LatheTraining"], swiftSettings: settings),
    .target(name: "CCurl"),
    .target(name: "LatheHub", dependencies: ["LatheCore", "LatheFiles", "CCurl"], swiftSettings: settings),
    .target(
      name: "LatheLanguage", dependencies: ["LatheTraining", "LatheText"], swiftSettings: settings),
    .target(name: "LatheAdapters", dependencies: ["LatheLanguage"], swiftSettings: settings),
    .testTarget(
      name: "LatheAdaptersTests", dependencies: ["LatheAdapters", "LatheLanguage"],
      swiftSettings: testSettings),
    .target(
      name: "LatheTuning", dependencies: ["LatheAdapters", "LatheTables", "LatheLearn", "LatheTextMetrics"],
      swiftSettings: settings),
    .testTarget(
      name: "LatheTuningTests",
      dependencies: ["LatheTuning", "LatheAdapters", "LatheLanguage", "LatheTraining"],
      swiftSettings: testSettings),
    .target(
      name: "LatheTabular",
      dependencies: ["LatheLearn", "LatheTables", "LatheTraining", "LatheLanguage", "LatheHub"],
      swiftSettings: settings),
    .testTarget(
      name: "LatheTabularTests",
      dependencies: ["LatheTabular", "LatheLearn", "LatheTables", "LatheTraining", "DataTestSupport"],
      swiftSettings: testSettings),
    .target(
      name: "LatheML",
      dependencies: [
        "LatheTracking", "LatheHub", "LatheTuning", "LatheTables", "LatheLearn", "LatheTabular",
        "LatheTextMetrics", "LatheWordVectors",
      ],
      swiftSettings: settings),
    .target(name: "BenchmarkEstimates", path: "benchmarks/estimates"),
    .target(
      name: "LatheBenchmarks",
      dependencies: [
        "LatheML", "LatheAdapters", "LatheTuning", "LatheLearn", "LatheSearch", "BenchmarkEstimates",
      ],
      path: "benchmarks/harness",
      swiftSettings: settings),
    .testTarget(
      name: "LatheBenchmarksTests", dependencies: ["LatheBenchmarks", "LatheML"], swiftSettings: testSettings),
    .executableTarget(
      name: "LatheCommand",
      dependencies: [
        "LatheML", "LatheBenchmarks", "LatheText", "LatheTextMetrics", "LatheWordVectors", "LatheSearch",
        "LatheAutoML",
        .target(name: "LatheStudies", condition: .when(traits: ["Tracking"])),
        .product(
          name: "ArgumentParser", package: "swift-argument-parser",
          condition: .when(traits: ["CommandLine"])),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "TrainFashionMNIST", dependencies: ["LatheML"], path: "examples/FashionMNIST",
      swiftSettings: settings),
    .target(
      name: "DataTestSupport", dependencies: ["LatheML"], path: "Tests/DataTestSupport",
      swiftSettings: settings),
    .testTarget(
      name: "LatheMLTests",
      dependencies: ["LatheML", "LatheSearch", "LatheAutoML", "DataTestSupport", "TestSupport"],
      swiftSettings: testSettings),
    .executableTarget(
      name: "WordVectorCheck", dependencies: ["LatheWordVectors"], path: "Tests/WordVectorCheck",
      swiftSettings: settings),
    .executableTarget(
      name: "TokenizerCheck", dependencies: ["LatheText"], path: "Tests/TokenizerCheck",
      swiftSettings: settings),
    .executableTarget(
      name: "TableCheck", dependencies: ["LatheTables"], path: "Tests/TableCheck", swiftSettings: settings),
    .executableTarget(
      name: "LanguageCheck", dependencies: ["LatheLanguage"], path: "Tests/LanguageCheck",
      swiftSettings: settings),
    .testTarget(
      name: "LatheTextTests", dependencies: ["LatheText", "LatheCore"], swiftSettings: testSettings),
    .testTarget(
      name: "LatheLanguageTests", dependencies: ["LatheLanguage", "DataTestSupport"],
      swiftSettings: testSettings),
    .testTarget(
      name: "LatheCommandTests", dependencies: ["LatheML", "LatheCommand", "DataTestSupport"],
      swiftSettings: testSettings),
    .testTarget(
      name: "LatheCPUTests", dependencies: ["LatheCore", "LatheCPU", "CPUKernels"], swiftSettings: settings),
    .testTarget(
      name: "CPUKernelTests", dependencies: ["LatheCore", "LatheCPU", "CPUKernels"], swiftSettings: settings),
    .testTarget(
      name: "LatheLearnTests", dependencies: ["LatheLearn", "LatheCore", "LatheTables", "DataTestSupport"],
      swiftSettings: testSettings),
    .testTarget(
      name: "LatheSearchTests",
      dependencies: ["LatheSearch", "LatheStudies", "LatheLearn", "LatheCore", "DataTestSupport"],
      swiftSettings: testSettings),
    .testTarget(
      name: "LatheOpenCLTests",
      dependencies: ["LatheCore", .target(name: "LatheOpenCL", condition: .when(traits: ["OpenCL"]))],
      swiftSettings: testSettings),
    .target(
      name: "ShimDriver", path: "Tests/ShimDriver",
      cSettings: [.headerSearchPath("../../Sources/COpenCL/include")]),
    .testTarget(
      name: "ShimTests",
      dependencies: [
        "LatheCore", "Lathe", "DataTestSupport",
        .target(name: "LatheOpenCL", condition: .when(traits: ["OpenCL"])),
      ],
      swiftSettings: testSettings),
    .target(
      name: "TestSupport", dependencies: ["Lathe"], path: "Tests/TestSupport", swiftSettings: settings),
    .executableTarget(
      name: "OperationCheck", dependencies: ["TestSupport", "Lathe"], path: "Tests/OperationCheck",
      swiftSettings: settings),
    .executableTarget(
      name: "ProcessEndCheck", dependencies: ["Lathe"], path: "Tests/ProcessEndCheck", swiftSettings: settings
    ),
    .testTarget(
      name: "LatheTests", dependencies: ["Lathe", "TestSupport"], path: "Tests/LatheTests",
      swiftSettings: testSettings),
    .testTarget(
      name: "FixtureTests", dependencies: ["LatheML", "TestSupport"], swiftSettings: testSettings),
    .executableTarget(
      name: "Regression", dependencies: ["Lathe"], path: "examples/Regression", swiftSettings: settings),
    .executableTarget(
      name: "LoRA", dependencies: ["LatheML"], path: "examples/LoRA", swiftSettings: settings),
    .executableTarget(
      name: "NamedInputs", dependencies: ["LatheML"], path: "examples/NamedInputs", swiftSettings: settings),
    .executableTarget(
      name: "CustomOperation", dependencies: ["Lathe"], path: "examples/CustomOperation",
      swiftSettings: settings),
    .executableTarget(
      name: "OwnOptimizer", dependencies: ["LatheML"], path: "examples/OwnOptimizer", swiftSettings: settings),
    .executableTarget(
      name: "GAN", dependencies: ["LatheML"], path: "examples/GAN", swiftSettings: settings),
    .executableTarget(
      name: "Distillation", dependencies: ["LatheML"], path: "examples/Distillation", swiftSettings: settings),
  ]
)
