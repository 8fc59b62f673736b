@_exported import Lathe
