// Writes the tables of Sources/CUnicode from what Swift's standard library and Foundation know of Unicode:
//
//   swiftc -O scripts/make-unicode-tables.swift -o .build/make-unicode-tables
//   .build/make-unicode-tables Sources/CUnicode/unicode.bin
//
// The layout is described in Sources/CUnicode/include/CUnicode.h.
import Foundation

let categories: [Unicode.GeneralCategory] = [
  .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
  .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber, .connectorPunctuation,
  .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
  .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol, .spaceSeparator,
  .lineSeparator, .paragraphSeparator, .control, .format, .surrogate, .privateUse, .unassigned,
]

// Models were trained with libraries whose parts know different versions of Unicode, and ids have to be theirs: regular
// expressions that of 16.0, BERT's steps that of 8.0, forms of normalisation and accents that of 9.0.
let expressionVersion = (16, 0)
let bertVersion = (8, 0)
let formVersion = (9, 0)
// What had another category in those versions than it has now.
let bertPunctuation: [UInt32: Bool] = [0x166D: true, 0x111C9: true]
let bertMarks: [UInt32: Bool] = [
  0x1734: true, 0x1885: false, 0x1886: false, 0xA9BD: false, 0x111C9: false, 0x1171E: true,
]
let accents: [UInt32: Bool] = [0x1CF2: true, 0x1CF3: true, 0x111C9: false]

/// A mapping of scalars to several.
struct Mapping {
  var keys: [UInt32] = []
  var starts: [UInt32] = [0]
  var values: [UInt32] = []

  mutating func add(_ key: UInt32, _ value: [UInt32]) {
    keys.append(key)
    values += value
    starts.append(UInt32(values.count))
  }
}

func scalars(_ text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }

var classes = [UInt16](repeating: 29, count: 0x110000)
var combining = [UInt8](repeating: 0, count: 0x110000)
var canonical = Mapping()
var compatible = Mapping()
var lower = Mapping()
var pairs: [(UInt64, UInt32)] = []
for value in UInt32(0)..<0x110000 {
  guard let scalar = Unicode.Scalar(value) else {
    classes[Int(value)] = 27
    continue
  }
  let properties = scalar.properties
  let age = properties.age.map { ($0.major, $0.minor) } ?? (99, 0)
  let category = UInt16(categories.firstIndex(of: properties.generalCategory) ?? 29)
  let isPunctuation = (11...17).contains(category)
  let isMark = (5...7).contains(category)
  var entry = age <= expressionVersion ? category : 29
  if properties.isWhitespace { entry |= 0x20 }
  if age <= expressionVersion && (properties.isAlphabetic || properties.isJoinControl) { entry |= 0x40 }
  if bertPunctuation[value] ?? (isPunctuation && age <= bertVersion) { entry |= 0x100 }
  if [25, 26, 28].contains(category) && age <= bertVersion { entry |= 0x200 }
  if bertMarks[value] ?? (category == 5 && age <= bertVersion) { entry |= 0x400 }
  if accents[value] ?? (isMark && age <= formVersion) { entry |= 0x800 }
  if (8...10).contains(category) { entry |= 0x1000 }
  let isKnown = age <= formVersion
  let order = isKnown ? properties.canonicalCombiningClass.rawValue : 0
  combining[Int(value)] = order
  var isSpecial = order != 0
  // Hangul syllables are taken apart by a rule.
  if !isKnown {
    isSpecial = false
  } else if !(0xAC00...0xD7A3).contains(value) {
    let text = String(scalar)
    let full = scalars(text.decomposedStringWithCanonicalMapping)
    if full != [value] {
      canonical.add(value, full)
      isSpecial = true
      let composed = scalars(text.precomposedStringWithCanonicalMapping)
      if composed == [value], let last = full.last {
        let first = scalars(
          String(String.UnicodeScalarView(full.dropLast().compactMap(Unicode.Scalar.init)))
            .precomposedStringWithCanonicalMapping)
        if first.count == 1 { pairs.append((UInt64(first[0]) << 32 | UInt64(last), value)) }
      }
    }
    let wide = scalars(text.decomposedStringWithCompatibilityMapping)
    if wide != [value] {
      compatible.add(value, wide)
      isSpecial = true
    }
  } else {
    isSpecial = true
  }
  let small = scalars(properties.lowercaseMapping)
  if small != [value] { lower.add(value, small) }
  // Vowels and final consonants of Hangul join what stands before.
  if (0x1161...0x1175).contains(value) || (0x11A8...0x11C2).contains(value) { isSpecial = true }
  if isSpecial { entry |= 0x80 }
  classes[Int(value)] = entry
}
pairs.sort { $0.0 < $1.0 }

/// Pages of 256 entries, each kept once.
func paged<Entry: Hashable>(_ entries: [Entry]) -> (pages: [UInt16], bytes: [Entry]) {
  var known: [[Entry]: UInt16] = [:]
  var pages: [UInt16] = []
  var bytes: [Entry] = []
  for start in stride(from: 0, to: entries.count, by: 256) {
    let page = Array(entries[start..<start + 256])
    if known[page] == nil {
      known[page] = UInt16(bytes.count / 256)
      bytes += page
    }
    pages.append(known[page] ?? 0)
  }
  return (pages, bytes)
}

var output = [UInt8](repeating: 0, count: 64)
var section = 0
func put<T: FixedWidthInteger>(_ values: [T]) {
  while output.count % 8 != 0 { output.append(0) }
  let start = UInt32(output.count)
  withUnsafeBytes(of: start.littleEndian) { bytes in
    output.replaceSubrange(section * 4..<section * 4 + 4, with: bytes)
  }
  section += 1
  for value in values { withUnsafeBytes(of: value.littleEndian) { output += $0 } }
}

let (classPages, classBytes) = paged(classes)
let (combiningPages, combiningBytes) = paged(combining)
put(classPages)
put(classBytes)
put(combiningPages)
put(combiningBytes)
for mapping in [canonical, compatible, lower] {
  put([UInt32(mapping.keys.count)] + mapping.keys + mapping.starts)
  put(mapping.values)
}
put([UInt64(pairs.count)] + pairs.map(\.0))
put(pairs.map(\.1))
try Data(output).write(to: URL(fileURLWithPath: CommandLine.arguments[1]))
