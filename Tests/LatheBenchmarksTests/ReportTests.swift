import Foundation
import LatheBenchmarks
import Testing

@Suite("Reports")
struct ReportTests {
  private let file = ResultFile(
    head: Samples.head,
    rows: [Samples.row("64x64x64", seconds: 1e-3), Samples.row("8x8x8", seconds: 2e-6), Samples.failed])

  @Test("A page refers to nothing outside itself")
  func selfContained() {
    let html = HTMLReport(file).html
    for forbidden in ["http:", "https:", "//", "src=", "href=", "url(", "@import", "<script", "<link"] {
      #expect(!html.contains(forbidden), "\(forbidden)")
    }
    #expect(html.contains("prefers-color-scheme: dark"))
  }

  @Test("A page shows plot, chart, every row and the failures")
  func content() {
    let html = HTMLReport(file).html
    #expect(html.components(separatedBy: "<svg").count == 3)
    #expect(html.components(separatedBy: "<circle").count == 3)
    #expect(html.components(separatedBy: "<polyline").count == 2)
    #expect(html.contains("64x64x64") && html.contains("8x8x8") && html.contains("FAILED: wrong result"))
    #expect(html.contains("CPU &lt;fast&gt; &amp; &quot;small&quot;"))
    #expect(!html.contains("nan") && !html.contains("inf,"))
  }

  @Test("A plot of nothing is still a plot")
  func empty() {
    let plot = RooflinePlot(ResultFile(head: Samples.head, rows: [])).svg(isStandalone: true)
    #expect(plot.hasPrefix("<svg xmlns=") && plot.hasSuffix("</svg>\n"))
    #expect(!plot.lowercased().contains("nan"))
  }
}
