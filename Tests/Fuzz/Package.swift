// swift-tools-version: 6.2
import PackageDescription

// The readers under libFuzzer; scripts/fuzz.sh builds it beside links to the repository's Sources and kernels.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]
// What is fuzzed counts its branches and checks its memory; the rest is compiled as ever.
let watched: [SwiftSetting] = settings + [.unsafeFlags(["-sanitize=fuzzer,address"])]

let package = Package(
  name: "fuzz",
  targets: [
    .target(name: "CPUKernels", path: "kernels/cpu"),
    .target(name: "LatheCore", swiftSettings: settings),
    .target(name: "LatheCPU", dependencies: ["LatheCore", "CPUKernels"], swiftSettings: settings),
    .target(name: "Lathe", dependencies: ["LatheCore", "LatheCPU"], swiftSettings: settings),
    .target(name: "CZlib"),
    .target(name: "CChecksum"),
    .target(name: "LatheFiles", dependencies: ["LatheCore", "CZlib", "CChecksum"], swiftSettings: watched),
    .target(name: "LatheFormats", dependencies: ["Lathe", "LatheFiles"], swiftSettings: watched),
    .target(
      name: "TableKernels", path: "kernels/tables",
      cSettings: [.unsafeFlags(["-fsanitize=fuzzer-no-link,address"])]),
    .target(name: "CSQLite"),
    .target(
      name: "LatheTables", dependencies: ["LatheCore", "LatheFiles", "TableKernels", "CSQLite"],
      swiftSettings: watched),
    .target(
      name: "LatheLearn", dependencies: ["LatheCore", "LatheFiles", "LatheTables", "LatheCPU", "CPUKernels"],
      swiftSettings: watched),
    .target(name: "CUnicode"),
    .target(
      name: "LatheText", dependencies: ["LatheCore", "LatheFiles", "CUnicode"], swiftSettings: watched),
    .executableTarget(
      name: "FuzzReaders",
      dependencies: [
        "Lathe", "LatheCore", "LatheFiles", "LatheFormats", "LatheText", "LatheTables", "LatheLearn",
      ],
      path: "Fuzz",
      exclude: ["Package.swift", "corpus"],
      swiftSettings: watched + [.unsafeFlags(["-parse-as-library"])],
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
  ])
