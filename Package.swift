// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "lathe",
  products: [
    .library(name: "Lathe", targets: ["Lathe"]),
    .library(name: "LatheNN", targets: ["LatheNN"]),
    .executable(name: "lathe", targets: ["LatheCommand"]),
  ],
  traits: [
    .trait(
      name: "OpenCL",
      description:
        "The OpenCL backend; needs the headers of ocl-icd-opencl-dev to build, libOpenCL only to use."),
    .trait(name: "CommandLine", description: "The `lathe` command-line tool, on swift-argument-parser."),
    .default(enabledTraits: ["OpenCL", "CommandLine"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
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
    .target(name: "CZlib"),
    .target(name: "CImages"),
    .target(name: "CChecksum"),
    .target(
      name: "LatheNN", dependencies: ["Lathe", "CZlib", "CImages", "CChecksum"], swiftSettings: settings),
    .target(
      name: "LatheBenchmarks", dependencies: ["LatheNN"], path: "benchmarks/harness", swiftSettings: settings),
    .testTarget(
      name: "LatheBenchmarksTests", dependencies: ["LatheBenchmarks", "LatheNN"], swiftSettings: settings),
    .executableTarget(
      name: "LatheCommand",
      dependencies: [
        "LatheNN", "LatheBenchmarks",
        .product(
          name: "ArgumentParser", package: "swift-argument-parser",
          condition: .when(traits: ["CommandLine"])),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "TrainFashionMNIST", dependencies: ["LatheNN"], path: "examples/FashionMNIST",
      swiftSettings: settings),
    .target(
      name: "DataTestSupport", dependencies: ["LatheNN"], path: "Tests/DataTestSupport",
      swiftSettings: settings),
    .testTarget(
      name: "LatheNNTests", dependencies: ["LatheNN", "DataTestSupport"], swiftSettings: settings),
    .testTarget(
      name: "LatheCommandTests", dependencies: ["LatheNN", "LatheCommand", "DataTestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "LatheCPUTests", dependencies: ["LatheCore", "LatheCPU", "CPUKernels"], swiftSettings: settings),
    .testTarget(
      name: "CPUKernelTests", dependencies: ["LatheCore", "LatheCPU", "CPUKernels"], swiftSettings: settings),
    .testTarget(
      name: "LatheOpenCLTests",
      dependencies: ["LatheCore", .target(name: "LatheOpenCL", condition: .when(traits: ["OpenCL"]))],
      swiftSettings: settings),
    .target(
      name: "TestSupport", dependencies: ["Lathe"], path: "Tests/TestSupport", swiftSettings: settings),
    .executableTarget(
      name: "OperationCheck", dependencies: ["TestSupport", "Lathe"], path: "Tests/OperationCheck",
      swiftSettings: settings),
    .testTarget(
      name: "LatheTests", dependencies: ["Lathe", "TestSupport"], path: "Tests/LatheTests",
      swiftSettings: settings),
    .testTarget(
      name: "FixtureTests", dependencies: ["LatheNN", "TestSupport"], swiftSettings: settings),
    .executableTarget(
      name: "Regression", dependencies: ["Lathe"], path: "examples/Regression", swiftSettings: settings),
  ]
)
