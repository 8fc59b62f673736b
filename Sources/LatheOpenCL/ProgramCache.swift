#if OpenCL
  import COpenCL
  import LatheCore
  import Synchronization

  /// Programs and kernels built so far on one device, by text and options.
  ///
  /// Each program is built under a lock of its own: threads build different ones side by side, and wait for each other where
  /// they ask for the same.
  final class ProgramCache: Sendable {
    private final class Program: Sendable {
      struct Content {
        var program: OpenCLProgram?
        /// By function.
        var kernels: [String: OpenCLKernel] = [:]
      }
      let content = Mutex(Content())
      /// Whether somebody asked for it, and not just the last run.
      let isAskedFor = Atomic(false)
    }
    private struct State {
      var programs: [BuildList.Entry: Program] = [:]
      /// Whether programs declare the built-in functions themselves; see builtins.clh.
      var declaresBuiltins: Bool
      var builtinFunctions = BuiltinFunctions.none
      /// Whether the process is ending: nothing is built any more.
      var isClosed = false
    }

    private let place: OpenCLPlace
    private let context: OpenCLContext
    private let profile: KernelProfile
    private let counters: CounterStore
    private let disk = BinaryCache.standard()
    private let state: Mutex<State>
    /// Nil where nothing is built ahead: compiling takes the processors that a CPU's kernels run on.
    private let history: BuildHistory?

    init(place: OpenCLPlace, context: OpenCLContext, profile: KernelProfile, counters: CounterStore) {
      self.place = place
      self.context = context
      self.profile = profile
      self.counters = counters
      state = Mutex(State(declaresBuiltins: place.isPoCL))
      let key = [place.platformName, place.info.name, profile.rawValue].joined(separator: "\n")
      history = place.info.type == "cpu" || disk.folder == nil ? nil : BuildHistory(disk, key: key)
    }

    deinit { history?.stop() }

    /// Waits for the programs that are being built; builds no more where those were the last.
    func finish(closing: Bool) {
      history?.stop()
      let programs = state.withLock { state in
        state.isClosed = state.isClosed || closing
        return Array(state.programs.values)
      }
      for program in programs { program.content.withLock { _ in } }
    }

    /// Has programs built with some of the device's own functions from now on.
    func use(_ functions: BuiltinFunctions) { state.withLock { $0.builtinFunctions = functions } }

    /// Whether programs still declare the built-in functions that they call themselves.
    var declaresBuiltins: Bool { state.withLock { $0.declaresBuiltins } }

    /// The kernel `function` of a source built with options; built at the first call.
    func kernel(_ source: KernelSource, _ function: String, _ options: KernelOptions) throws -> OpenCLKernel {
      let entry = BuildList.Entry(source: source, options: options)
      let program = program(of: entry)
      if let history, !program.isAskedFor.exchange(true, ordering: .relaxed) {
        history.asks(for: entry) { [weak self] entry in self?.buildAhead(entry) }
      }
      return try program.content.withLock { content in
        if let kernel = content.kernels[function] { return kernel }
        let program = try built(entry, &content)
        let kernel = try self.kernel(
          function, of: program, source: source.name, origin: .init(source: source, options: options))
        content.kernels[function] = kernel
        return kernel
      }
    }

    private func program(of entry: BuildList.Entry) -> Program {
      state.withLock { state in
        if let known = state.programs[entry] { return known }
        let new = Program()
        state.programs[entry] = new
        return new
      }
    }

    private func built(_ entry: BuildList.Entry, _ content: inout Program.Content) throws -> OpenCLProgram {
      if let program = content.program { return program }
      if state.withLock({ $0.isClosed }) { throw LatheError.processEnds(place.info) }
      let program = try build(entry.source, entry.options)
      ProcessEnd.comeFirst()
      content.program = program
      return program
    }

    /// Builds a program that nobody has asked for yet.
    private func buildAhead(_ entry: BuildList.Entry) {
      // One that does not build here any more is nobody's error: whoever asks for it has it built again.
      _ = program(of: entry).content.withLockIfAvailable { content in try? built(entry, &content) }
    }

    /// The kernel built for launches in parts.
    func inParts(_ kernel: OpenCLKernel) throws -> OpenCLKernel {
      guard let origin = kernel.origin else { return kernel }
      var options = origin.options
      options["LATHE_PARTS"] = 1
      return try self.kernel(origin.source, kernel.name, options)
    }

    /// The kernel `function` of a built program.
    func kernel(
      _ function: String, of program: OpenCLProgram, source: String, origin: OpenCLKernel.Origin? = nil
    ) throws -> OpenCLKernel {
      var status: cl_int = 0
      let handle = cl.clCreateKernel(program.handle, function, &status)
      guard status == CL_SUCCESS, let handle else {
        throw LatheError(
          .kernelBuild,
          "\(place.info.index): no kernel \(function) in \(source): \(OpenCLStatus.name(status))")
      }
      return OpenCLKernel(owning: handle, name: function, program: program, origin: origin)
    }

    /// What every program of a profile is built with.
    static func arguments(profile: KernelProfile, isPoCL: Bool) -> String {
      // Of warnings a driver prints how many there were, on the program's own standard error.
      var arguments = "-w -cl-std=CL1.2 -DLATHE_PROFILE_\(profile.rawValue.uppercased())=1"
      if isPoCL { arguments += " -DLATHE_CLANG_BUILTINS=1" }
      if environment("LATHE_UNOPTIMIZED_PROFILE") == profile.rawValue { arguments += " -cl-opt-disable" }
      return arguments
    }

    /// Builds a source; where its own declarations are what a driver does not take, with the driver's from then on.
    private func build(_ source: KernelSource, _ options: KernelOptions) throws -> OpenCLProgram {
      let text = try source.text(for: profile, options, place.vectors)
      var arguments = ProgramCache.arguments(profile: profile, isPoCL: place.isPoCL) + options.arguments
      // NVIDIA's compiler takes as many registers as it likes; others keep to what the groups of a kernel leave.
      if place.isNVIDIA, case .int(let most)? = options[KernelOptions.registers] {
        arguments += " -cl-nv-maxrregcount=\(most)"
      }
      let isSpliced = options[KernelOptions.warpGroups] != nil && options["MATRIX_EMULATED"] == nil
      if BuiltinFunctions.matter(in: text) { arguments += state.withLock { $0.builtinFunctions }.arguments }
      // A program's own text may call any function.
      guard declaresBuiltins, !source.isCustom else {
        return try build(text, name: source.name, arguments, isSpliced: isSpliced)
      }
      do {
        return try build(
          KernelSource.builtins(for: text, profile) + text, name: source.name, arguments + " -D_OPENCL_H_",
          isSpliced: isSpliced)
      } catch let error as LatheError where error.kind == .kernelBuild {
        let program = try build(text, name: source.name, arguments, isSpliced: isSpliced)
        let isFirst = state.withLock { state in
          defer { state.declaresBuiltins = false }
          return state.declaresBuiltins
        }
        if isFirst { counters.refusedDeclarations() }
        return program
      }
    }

    private func build(_ text: String, name: String, _ arguments: String, isSpliced: Bool) throws
      -> OpenCLProgram
    {
      let key = [
        place.platformName, place.platformVersion, place.info.name, place.info.driver, arguments, text,
      ].joined(separator: "\n")
      if let binary = disk.load(key: key), let program = fromBinary(binary, arguments) { return program }
      return try KernelBuilds.build {
        var program = try fromSource(text, name: name, arguments)
        if isSpliced { program = try spliced(program, name: name, arguments) }
        if disk.folder != nil, let binary = binary(of: program) { disk.store(binary, key: key) }
        return program
      }
    }

    /// Builds a text as it is, past every cache.
    func fromSource(_ text: String, name: String, _ arguments: String) throws -> OpenCLProgram {
      var status: cl_int = 0
      let handle = text.withCString { pointer -> cl_program? in
        var pointer: UnsafePointer<CChar>? = pointer
        return cl.clCreateProgramWithSource(context.handle, 1, &pointer, nil, &status)
      }
      guard status == CL_SUCCESS, let handle else {
        throw LatheError(.kernelBuild, "\(name): clCreateProgramWithSource: \(OpenCLStatus.name(status))")
      }
      let program = OpenCLProgram(owning: handle, isNew: true)
      var device: cl_device_id? = place.device
      status = cl.clBuildProgram(handle, 1, &device, arguments, nil, nil)
      guard status == CL_SUCCESS else {
        throw LatheError(
          .kernelBuild,
          """
          \(place.info.index) (\(place.info.name)): \(name) does not build: \(OpenCLStatus.name(status))
          options: \(arguments)
          build log:
          \(buildLog(of: handle))
          source:
          \(ProgramCache.firstLines(of: text))
          """)
      }
      return program
    }

    /// Builds what `binary(of:)` gave; nil where the driver refuses it.
    func fromBinary(_ binary: [UInt8], _ arguments: String) -> OpenCLProgram? {
      var device: cl_device_id? = place.device
      var status: cl_int = 0
      var length = binary.count
      let handle = binary.withUnsafeBufferPointer { bytes -> cl_program? in
        var pointer: UnsafePointer<UInt8>? = bytes.baseAddress
        return cl.clCreateProgramWithBinary(context.handle, 1, &device, &length, &pointer, nil, &status)
      }
      guard status == CL_SUCCESS, let handle else { return nil }
      let program = OpenCLProgram(owning: handle)
      return cl.clBuildProgram(handle, 1, &device, arguments, nil, nil) == CL_SUCCESS ? program : nil
    }

    /// A program anew, of its PTX with the instructions that its comments hold.
    private func spliced(_ program: OpenCLProgram, name: String, _ arguments: String) throws -> OpenCLProgram
    {
      let ptx = binary(of: program).map { String(decoding: $0.filter { $0 != 0 }, as: UTF8.self) } ?? ""
      let text = try PTXSplice.spliced(ptx)
      guard let program = fromBinary(Array(text.utf8), arguments) else {
        throw LatheError(
          .kernelBuild,
          "\(place.info.index) (\(place.info.name)): \(name): the driver does not take PTX with wgmma")
      }
      return program
    }

    /// What the driver made of a program, in its own format.
    func binary(of program: OpenCLProgram) -> [UInt8]? {
      var length = 0
      var status = cl.clGetProgramInfo(
        program.handle, cl_program_info(CL_PROGRAM_BINARY_SIZES), MemoryLayout<Int>.size, &length, nil)
      guard status == CL_SUCCESS, length > 0 else { return nil }
      var bytes = [UInt8](repeating: 0, count: length)
      bytes.withUnsafeMutableBufferPointer { buffer in
        var pointer = buffer.baseAddress
        status = cl.clGetProgramInfo(
          program.handle, cl_program_info(CL_PROGRAM_BINARIES), MemoryLayout<UnsafeRawPointer>.size, &pointer,
          nil)
      }
      return status == CL_SUCCESS ? bytes : nil
    }

    private func buildLog(of program: cl_program) -> String {
      var size = 0
      let property = cl_program_build_info(CL_PROGRAM_BUILD_LOG)
      guard cl.clGetProgramBuildInfo(program, place.device, property, 0, nil, &size) == CL_SUCCESS, size > 0
      else {
        return "(the driver gives none)"
      }
      var bytes = [UInt8](repeating: 0, count: size)
      _ = cl.clGetProgramBuildInfo(program, place.device, property, size, &bytes, nil)
      return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// The first lines of the source itself, numbered as in the build log.
    private static func firstLines(of text: String) -> String {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      let start = (lines.firstIndex { $0.hasPrefix(KernelSource.end) } ?? -1) + 1
      return lines[start...].prefix(12).enumerated()
        .map { "\(start + $0.offset + 1): \($0.element)" }.joined(separator: "\n")
    }
  }
#endif
