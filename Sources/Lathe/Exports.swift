@_exported import LatheCore
