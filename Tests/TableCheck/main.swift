import Foundation
import LatheTables

// Reads tables for scripts that compare them with other libraries.
//
//   TableCheck bench FILE [THREADS]    for each line of standard input: reads FILE, prints seconds, those of processors, and rows
//   TableCheck read FILE [OPTIONS]     prints the columns' names, types and values as JSON
//   TableCheck copy METHOD             for each pair of lines: reads a Parquet file and writes it to the other place in groups of
//                                      1,000 rows, compressed by METHOD

/// What the process has used of processors.
func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
  print("TableCheck bench FILE [THREADS] | read FILE [OPTIONS] | copy METHOD")
  exit(2)
}

switch arguments[1] {
case "bench":
  var options = CSVOptions()
  if arguments.count > 3 { options.threads = Int(arguments[3]) }
  while readLine() != nil {
    let (start, before) = (ContinuousClock.now, processorSeconds())
    let table = try Table(csv: arguments[2], options: options)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    print(seconds, processorSeconds() - before, table.rowCount)
    fflush(nil)
  }
case "read":
  let reading = try Table.readCSV(arguments[2])
  print(reading.table)
  for note in reading.notes { print(note) }
case "copy":
  guard let compression = ParquetCompression(rawValue: arguments[2]) else {
    print("unknown method \(arguments[2])")
    exit(2)
  }
  while let from = readLine(), let to = readLine() {
    try Table(parquet: from).writeParquet(to: to, compression: compression, rowsPerGroup: 1000)
  }
default:
  print("unknown command \(arguments[1])")
  exit(2)
}
