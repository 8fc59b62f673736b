// One import for all of the library, tensors included.
@_exported public import Lathe
@_exported public import LatheAdapters
@_exported public import LatheData
@_exported public import LatheFiles
@_exported public import LatheFormats
@_exported public import LatheHub
@_exported public import LatheLanguage
@_exported public import LatheLearn
@_exported public import LatheModels
@_exported public import LatheNN
@_exported public import LatheTables
@_exported public import LatheTabular
@_exported public import LatheText
@_exported public import LatheTextMetrics
@_exported public import LatheTracking
@_exported public import LatheTraining
@_exported public import LatheTuning
